#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/histogram.h"
#include "common/base/random.h"
#include "common/cluster/codec.h"
#include "common/cluster/mail.h"
#include "common/cluster/messages.h"
#include "router-service/calls.h"
#include "router-service/decisions.h"
#include "router-service/outputs.h"
#include "router-service/picture.h"
#include "router-service/placement.h"

namespace parley::router_service {

struct Options {
    PlacementRules placement = {};
    Patience patience = {};
    cluster::RoomOptions room = {};     // for what a room.create leaves out
    Duration settle = 2500ms;           // after connecting: two beats of everybody
    Duration takeover_settle = 1200ms;  // what the former active one began is in a beat by then
    Duration settle_most = 8s;          // for servers that beat but never give a whole picture
    Duration open_time = 1500ms;        // for a server to say that it is the home
    Duration answer_time = 2s;          // for a server to answer anything else
    Duration call_time = 10s;           // for a command, with all that is tried for it
    uint32_t attempts = 3;              // servers that are asked to be one room's home
    size_t waiting_most = 100'000;      // commands before the picture is whole
    size_t moves_at_once = 256;         // rooms of lost and draining servers that are re-homed
    size_t decisions_most = 65'536;     // that are remembered
    Duration tick = 250ms;              // between looks around
};

inline constexpr std::array kAssignmentSeconds{.001, .0025, .005, .01, .025, .05, .1,
                                               .25,  .5,    1.0,  2.5, 5.0,  10.0};

struct Counts {
    uint64_t beats = 0;
    uint64_t commands = 0;
    uint64_t answers_ok = 0;
    uint64_t refusals = 0;
    uint64_t unreadable = 0;    // commands, beats and answers
    uint64_t assignments = 0;   // homes given: to new rooms and to those of lost servers
    uint64_t second_tries = 0;  // the server asked first did not answer, or refused
    uint64_t no_capacity = 0;
    uint64_t moves = 0;     // rooms that have another home, their own being lost or drained
    uint64_t releases = 0;  // servers told that a room is not theirs
    uint64_t servers_lost = 0;
    base::Histogram<kAssignmentSeconds> assignment;  // from the command to a new room's home
    base::Histogram<kAssignmentSeconds> rehoming;    // from the first try to another home
};

// The cluster's brain: gives rooms a home, passes commands on to it, and finds another when it is
// lost. It owns nothing: what it knows the servers say, and what it has begun and not finished the
// broker delivers again, to it or to the other replica. Both replicas hear the beats; the broker
// delivers the commands to one, which is thereby the active one.
class RouterService {
public:
    RouterService(Options options, base::Random& random);

    // The connection to the broker. Without it nothing can be known, nor done.
    void on_connected(Instant now, Outputs& out);
    void on_disconnected(Instant now, Outputs& out);
    // A command, a beat, or a server's answer.
    void on_delivery(Instant now, const cluster::Delivery& delivery, Outputs& out);
    // The broker has what was published under this id.
    void on_confirmed(Instant now, uint64_t id, Outputs& out);

    void on_deadline(Instant now, Outputs& out);
    Instant next_deadline() const;

    // A command that nobody answers, of whoever decides beside this core.
    void tell_server(std::string_view server, const cluster::Command& command, Outputs& out,
                     std::optional<Duration> expiration = {});

    bool is_connected() const { return connected_; }
    bool is_active() const { return active_; }
    // Every server's rooms are known: homes can be given.
    bool is_whole() const { return whole_; }
    const Picture& picture() const { return picture_; }
    const Decisions& decisions() const { return decisions_; }
    const Counts& counts() const { return counts_; }
    const PlacementRules& placement() const { return options_.placement; }
    size_t waiting() const { return waiting_.size(); }
    size_t unanswered() const { return questions_.size(); }
    size_t openings() const { return openings_.size(); }

    void ensure_invariants() const;

private:
    // A room that is being given a home, and who waits for it.
    struct Opening {
        std::string room;
        cluster::RoomOptions options;
        cluster::Epoch epoch = 0;             // of the latest try
        std::vector<ServerIndex> tried = {};  // latest last
        uint32_t peers = 0;                   // that it had, and will have again
        bool moves = false;                   // its home was lost, or drains
        std::string before = {};              // which that was, or is until this one is
        std::vector<Call> waiting = {};
        Instant since = {};  // that it is wanted
        std::string traceparent = {};
    };

    // core.cpp
    void on_command(Instant now, const cluster::Delivery& delivery, Outputs& out);
    void on_answer(Instant now, const cluster::Delivery& delivery, Outputs& out);
    void on_unreadable(const Question& question, const std::string& why, Outputs& out);
    void on_beat(Instant now, const cluster::Delivery& delivery, Outputs& out);
    void on_news(Instant now, const Picture::News& news, Outputs& out);
    void on_awake(Instant now, Outputs& out);
    void become_active(Instant now, Outputs& out);
    void settle_until(Instant at);
    void look_around(Instant now, Outputs& out);
    void probe(Instant now, Outputs& out);

    // commands.cpp
    void dispatch(Instant now, Call call, Outputs& out);
    void dispatch_room(Instant now, Call call, std::string_view room, Outputs& out);
    void create(Instant now, Call call, Outputs& out);
    void pass_on(Instant now, Call call, ServerIndex server, Outputs& out);
    // `body` is the answer as it came: the app has it as it is.
    void on_passed_on(Instant now, Question question,
                      const std::optional<cluster::Refusal>& refusal, const std::string& body,
                      Outputs& out);
    void on_unanswered(Instant now, Question question, Outputs& out);
    void explain(const Call& call, RoomIndex room, std::string_view said_by_home, Outputs& out);
    void wait(Call call, Outputs& out);
    void answer(const Call& call, const cluster::Answer& said, Outputs& out);
    void answer(const Call& call, bool refused, std::string body, Outputs& out);
    void refuse(const Call& call, uint16_t code, std::string_view reason, Outputs& out);

    // openings.cpp
    void open(Instant now, Opening opening, Outputs& out);
    void ask_next(Instant now, Opening& opening, Outputs& out);
    void on_opened(Instant now, const Question& question, const cluster::RoomAnswer& said,
                   const std::string& body, Outputs& out);
    void take_home(Instant now, const cluster::RoomPlace& place, const std::string& body,
                   Outputs& out);
    void tell_moved(Instant now, const Opening& opening, const cluster::RoomPlace& place,
                    Outputs& out);
    Opening take_opening(std::string_view room);
    void give_up(Instant now, std::string_view room, const cluster::Refusal& why, Outputs& out);
    void move(Instant now, std::string_view room, Outputs& out);
    void move_homeless(Instant now, Outputs& out);
    void move_drained(Instant now, Outputs& out);
    void move_some(Instant now, ServerIndex from, size_t count, Outputs& out);
    void release(ServerIndex server, std::string_view room, cluster::Epoch epoch, Outputs& out);
    void release(ServerIndex server, cluster::RoomRelease said, std::optional<ServerIndex> home,
                 Outputs& out);
    void settle_disputes(Instant now, Outputs& out);

    void ask_server(std::string_view server, const cluster::Command& command, uint64_t question,
                    Duration expiration, std::string_view traceparent, Outputs& out);
    void tell_app(const cluster::Event& event, Outputs& out);

    Options options_;
    base::Random& random_;
    Picture picture_;
    Decisions decisions_;
    Counts counts_;

    bool connected_ = false;
    bool active_ = false;
    bool whole_ = false;
    Instant settled_at_ = Instant::never();
    Instant tick_at_ = Instant::never();
    Instant commanded_at_;  // a command came last
    Instant probed_at_;
    Instant heard_at_;  // any beat
    Instant moves_at_;  // not before
    Instant released_at_;

    uint64_t last_publish_ = 0;
    std::unordered_map<uint64_t, uint64_t> answered_;  // by publish id: the tag to acknowledge
    std::deque<Call> waiting_;                         // for the picture to be whole
    Questions questions_;
    std::map<std::string, Opening, std::less<>> openings_;
    size_t moving_ = 0;                      // of the openings
    std::map<ServerIndex, double> drained_;  // what of a room is due to be moved next, by server
};

}  // namespace parley::router_service
