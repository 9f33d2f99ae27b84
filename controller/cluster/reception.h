#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/cluster/forwarder.h"
#include "controller/cluster/presence.h"

namespace parley::controller::clustering {

// What a call of Reception may touch, and where it says what is to be done.
struct Around {
    Instant now;
    Presence& presence;
    Controller& controller;
    Outputs& out;        // to clients and workers of this server
    Mail& mail;          // to the broker
    LinkOutputs& links;  // to other servers
};

// Where a client's signalling goes: into a room of this server, or to the home of its room; and
// while that is not known, nowhere: it waits while the cluster is asked. Every signalling
// connection of a server that is one of many goes through here, so that none makes a room which is
// somewhere else.
class Reception {
public:
    struct Options {
        std::string server;
        bool create_on_join = true;
        bool shared_queue = false;  // of assignments: who takes a command may know less than we
        cluster::RoomOptions room = {};  // of a room that is made by joining
    };

    explicit Reception(Options options)
        : options_(std::move(options)), forwarder_(options_.server) {}

    void on_connect(Around& around, ConnectionId client, const Admission& admission);
    void on_message(Around& around, ConnectionId client, std::string_view text);
    void on_disconnect(Around& around, ConnectionId client);

    void on_answer(Around& around, const Answered& answered);
    // Rooms, servers or workers may have become known.
    void on_news(Around& around);

    void on_deadline(Around& around);
    Instant next_deadline() const;

    // Its links. What concerns those alone is the shell's to tell the Forwarder itself.
    void on_link_frame(Around& around, LinkId link, std::string_view text);
    Forwarder& forwarder() { return forwarder_; }
    const Forwarder& forwarder() const { return forwarder_; }
    size_t waiting() const { return guests_.size(); }

    void ensure_invariants() const;

private:
    // A client that waits to be told where its room is.
    struct Guest {
        Admission admission;
        Instant since;
        Instant wake;  // to be attended to again
        std::vector<std::string> messages = {};
        size_t bytes = 0;
    };
    using Guests = std::map<ConnectionId, Guest>;
    // A room that the cluster was asked for: whether it was to be made if need be.
    using Wanted = std::pair<std::string, bool>;
    struct Question {
        AskId ask = 0;
        std::string home = {};  // "": not answered; else we wait to hear where that takes links
    };

    Wanted wanted(const Admission& admission) const;
    const LinkAddress* home_of(const Around& around, const Guest& guest) const;
    bool attend(Around& around, Guests::iterator guest);
    bool settle(Around& around, Guests::iterator guest);
    bool admit(Around& around, Guests::iterator guest);
    bool forward(Around& around, Guests::iterator guest, const LinkAddress& home);
    void ask(Around& around, const Wanted& wanted);
    bool refuse(Around& around, Guests::iterator guest, uint16_t code, std::string reason);
    void refuse_all(Around& around, const Wanted& wanted, const cluster::Refusal& why);
    void attend_all(Around& around);

    Options options_;
    Forwarder forwarder_;
    Guests guests_;
    std::map<Wanted, Question> questions_;
    std::map<AskId, Wanted> asks_;
};

}  // namespace parley::controller::clustering
