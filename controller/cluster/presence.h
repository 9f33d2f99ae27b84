#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "common/base/random.h"
#include "common/cluster/mail.h"
#include "common/cluster/messages.h"
#include "common/cluster/topology.h"
#include "controller/cluster/directory.h"
#include "controller/core.h"
#include "controller/drain.h"

// What this server is to the others: it does what it is told over the broker, says how it is once a
// second, and tells what happens.
namespace parley::controller::clustering {

// --- what it says, besides the outputs of the controller

struct Consume {
    std::string queue;
    uint16_t prefetch;
};
struct Cancel {
    std::string queue;
};
// What came of a command that this server asked somebody to carry out.
using AskId = uint64_t;
struct Answered {
    AskId ask;
    std::optional<cluster::Answer> answer;  // nothing: none came in time
};
using Output = std::variant<cluster::Publish, cluster::Acknowledge, cluster::Reject, Consume,
                            Cancel, Answered, Log>;
using Mail = std::vector<Output>;

// Signs what lets a peer in; nullopt when there is no key to sign with. Pure, like a function of a
// core: it is given to Presence because the keys are the business of another folder.
using IssueToken =
    std::function<std::optional<std::string>(const cluster::PeerAdd&, Instant expires)>;

struct Options {
    std::string server;
    std::string region = {};
    std::string version = {};
    std::string signalling = {};  // where our clients connect to
    std::string link = {};        // where other servers do
    cluster::Assignment assignment = cluster::Assignment::RouterService;
    cluster::RoomOptions room = {};  // for what a room.create leaves out
    uint32_t most_rooms = 0;
    // For a beat of another process that says it is this server, before the first of ours.
    base::Duration listen_first = 0s;
};

struct Counts {
    uint64_t commands = 0, refusals = 0, unreadable = 0, forwarded = 0, beats = 0, events = 0;
};

// The queue under which the others' beats and events come.
constexpr std::string_view kDirectoryQueue = "directory";
cluster::Topology topology(const Options& options);

class Presence {
public:
    Presence(Instant now, Options options, base::Random& random, IssueToken issue_token);

    // The connection to the broker. What was delivered before comes again.
    void on_up(Instant now, Mail& mail);
    void on_down();

    // A command, or news of others. What a worker must do about it is in `out`.
    void on_delivery(Instant now, const cluster::Delivery& delivery, Controller& controller,
                     Outputs& out, Mail& mail);
    // The broker has the answer: its command is done.
    void on_confirmed(uint64_t id, Mail& mail);
    // What the controller says happened.
    void on_event(const Event& event, const Controller& controller, Mail& mail);

    void on_deadline(Instant now, Controller& controller, Outputs& out, Mail& mail);
    Instant next_deadline() const;

    // As server.drain and server.undrain do.
    void drain(Instant now, std::optional<base::Duration> deadline, bool for_good, Mail& mail);
    void undrain(Instant now, Mail& mail);
    const Drain& drain() const { return drain_; }

    // Drained for good: this process ends.
    void on_stop(Instant now, const Controller& controller, Mail& mail);

    // Has whoever takes commands under this key (cluster::kRoomsKey, or that of a server) carry one
    // out: an Answered will say what came of it. 0, and nothing, when nobody can be asked now.
    // `traceparent`: of the request that it is done for; without one it is a trace of its own.
    AskId ask(Instant now, std::string key, const cluster::Command& command, Mail& mail,
              std::string_view traceparent = {});

    // A room of another server, or those after an id in the order of their ids.
    std::optional<cluster::RoomPlace> find(std::string_view room) const;
    std::vector<cluster::RoomPlace> places(std::string_view after, size_t most) const;

    // Whether it can ask, and be asked.
    bool up() const { return up_ && speaks_; }
    // Another process says that it is this server. The younger of the two is silent meanwhile.
    bool has_rival() const { return rival_ != 0; }
    const Directory& directory() const { return directory_; }
    const std::string& link_key() const { return link_key_; }
    cluster::ServerState state() const { return drain_.state(); }
    const Options& options() const { return options_; }
    const Counts& counts() const { return counts_; }

private:
    using Data = base::Result<std::string, cluster::Refusal>;  // JSON

    // One command on its way.
    struct Call {
        Instant now;
        const cluster::Delivery& delivery;
        Controller& controller;
        Outputs& out;
        Mail& mail;
    };
    struct Waiting {
        Instant until;
        cluster::Delivery delivery;
    };

    std::string ask_prefix() const;
    bool on_answer(const cluster::Delivery& delivery, Mail& mail);
    void on_command(Call& call, bool may_wait);
    bool send_elsewhere(Call& call, const cluster::Command& command, bool may_wait);
    void forward(Call& call, const std::string& server);
    void answer(Call& call, const cluster::Answer& said);
    void come_forward(Instant now, Mail& mail);
    void on_own_beat(Instant now, const cluster::Beat& beat, Outputs& out, Mail& mail);
    void on_news(Instant now, const cluster::Delivery& delivery, Controller& controller,
                 Outputs& out, Mail& mail);
    void give_up(Instant now, std::string_view room, const std::string& server,
                 cluster::Epoch epoch, Controller& controller, Outputs& out);

    Data execute(Call& call, const cluster::RoomCreate& command);
    Data execute(Call& call, const cluster::RoomClose& command);
    Data execute(Call& call, const cluster::RoomGet& command);
    Data execute(Call& call, const cluster::RoomList& command);
    Data execute(Call& call, const cluster::RoomWhy& command);
    Data execute(Call& call, const cluster::PeerAdd& command);
    Data execute(Call& call, const cluster::PeerKick& command);
    Data execute(Call& call, const cluster::PeerMute& command);
    Data execute(Call& call, const cluster::PeerFind& command);
    Data execute(Call& call, const cluster::ServerList& command);
    Data execute(Call& call, const cluster::ServerDrain& command);
    Data execute(Call& call, const cluster::ServerUndrain& command);
    Data execute(Call& call, const cluster::RoomOpen& command);
    Data execute(Call& call, const cluster::RoomRelease& command);
    Data execute(Call& call, const cluster::BeatWanted& command);
    Data open(Call& call, const std::string& room, cluster::Epoch epoch,
              const cluster::RoomOptions& options);

    cluster::RoomPlace place_of(const RoomInfo& room) const;
    cluster::RoomPlace place_of(const cluster::RoomReport& report, const std::string& server,
                                const std::string& signalling) const;
    cluster::RoomPlace place_of(const Elsewhere& place) const;
    cluster::ServerPlace self(Instant now, const Controller& controller) const;
    cluster::Load load(Instant now, const Controller& controller) const;
    bool shared() const { return options_.assignment == cluster::Assignment::SharedQueue; }

    void beat(Instant now, const Controller& controller, Mail& mail);
    void mind_drain(Instant now, Controller& controller, Outputs& out);
    void mind_load(Instant now, const Controller& controller, Mail& mail);
    void tell(Instant now, std::string_view type, Mail& mail);
    void remember_epoch(const std::string& room, cluster::Epoch epoch);
    void let_go(Instant now, const std::string& room, Controller& controller, Outputs& out);
    std::string new_id();

    Options options_;
    base::Random& random_;
    IssueToken issue_token_;
    Counts counts_;
    uint64_t incarnation_;
    std::string link_key_;  // of this incarnation
    uint64_t last_id_ = 0;
    bool up_ = false;
    bool speaks_ = false;  // says beats, and does what it is told
    Instant speak_at_;     // not before
    uint64_t rival_ = 0;   // incarnation of the other process of this id; 0: none
    Instant rival_until_;  // unless it is heard again

    Drain drain_;
    bool overloaded_ = false;
    bool takes_rooms_ = false;  // consumes the shared queue

    Instant next_beat_;
    uint64_t beats_ = 0;                                            // numbered so far
    Instant next_whole_;                                            // beat
    std::map<std::string, cluster::RoomReport, std::less<>> told_;  // by the last beat
    std::map<std::string, Instant, std::less<>> released_;          // until when that is told
    std::set<std::string, std::less<>> closed_;                     // and no beat ever named them

    std::map<uint64_t, uint64_t> answered_;  // id of the answer -> tag of its command
    std::deque<Waiting> waiting_;            // for news of a room that may be elsewhere
    AskId last_ask_ = 0;
    std::map<AskId, Instant> asks_;  // until when; in the order in which they were asked
    Directory directory_;
    std::map<std::string, cluster::Epoch, std::less<>> epochs_;  // of rooms we had to give up
};

}  // namespace parley::controller::clustering
