#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "controller/cluster/link_address.h"
#include "controller/cluster/link_frames.h"
#include "controller/core.h"

namespace parley::controller::clustering {

using LinkId = uint64_t;  // one link that we began; never used twice

// --- what it says to other servers

struct Dial {
    LinkId link;
    std::string address;  // ws://...; the subprotocol is kLinkProtocol
};
struct SendLink {
    LinkId link;
    std::string text;
};
struct HangUp {
    LinkId link;
    std::string reason;
};
using LinkOutput = std::variant<Dial, SendLink, HangUp>;
using LinkOutputs = std::vector<LinkOutput>;

constexpr base::Duration kRedialTime = 250ms;

struct ForwarderCounts {
    uint64_t opened = 0;       // clients that were forwarded
    uint64_t links = 0;        // that came to be
    uint64_t links_lost = 0;   // with clients on them
    uint64_t refused = 0;      // frames and servers that are not as they should be
    uint64_t over_budget = 0;  // clients that said more than they may
};

// This end of the links to servers whose rooms our clients want: one for each server, that carries
// the signalling of all of them. It is made for the first client and goes when there was none for a
// while. When it is lost its clients are closed with 4502, to come again: their sessions wait.
class Forwarder {
public:
    explicit Forwarder(std::string server) : server_(std::move(server)) {}

    // Whether clients can be forwarded there at once. If there is no link it is made; one that
    // could not be made is tried again with the first question after kRedialTime.
    bool reach(Instant now, const LinkAddress& home, LinkOutputs& links, Outputs& out);

    // The client's messages go to that server from here on, and its answers to the client.
    void open(Instant now, ConnectionId client, const Admission& admission, const LinkAddress& home,
              LinkOutputs& links, Outputs& out);
    void on_message(Instant now, ConnectionId client, std::string_view text, LinkOutputs& links,
                    Outputs& out);
    void on_disconnect(Instant now, ConnectionId client, LinkOutputs& links);

    void on_link_open(Instant now, LinkId link, LinkOutputs& links);
    void on_link_frame(Instant now, LinkId link, std::string_view text, LinkOutputs& links,
                       Outputs& out);
    // Also when it never came to be.
    void on_link_closed(Instant now, LinkId link, std::string_view reason, Outputs& out);

    void on_deadline(Instant now, LinkOutputs& links, Outputs& out);
    Instant next_deadline() const;

    bool has(ConnectionId client) const { return clients_.contains(client); }
    size_t links() const { return links_.size(); }
    size_t clients() const { return clients_.size(); }
    const ForwarderCounts& counts() const { return counts_; }

    void ensure_invariants() const;

private:
    enum class State : uint8_t { Dialing, Greeting, Up };
    struct Link {
        LinkAddress to;
        State state = State::Dialing;
        Instant since;  // this state; in Up without clients: since the last of them
        Instant said;   // anything
        Instant heard;
        uint64_t last_number = 0;
        std::map<uint64_t, ConnectionId> clients = {};  // by their numbers on this link
        std::vector<std::string> waiting = {};          // frames until it is up
        size_t waiting_bytes = 0;
    };
    struct Client {
        LinkId link;
        uint64_t number;
        double budget;  // bytes that it may say now
        Instant filled;
    };
    using Links = std::map<LinkId, Link>;

    LinkId link_to(Instant now, const LinkAddress& home, LinkOutputs& links, Outputs& out);
    void say(Instant now, LinkId id, const LinkFrame& frame, LinkOutputs& links);
    void on_frame(Instant now, Links::iterator link, const LinkFrame& frame, LinkOutputs& links,
                  Outputs& out);
    void close_client(Link& link, uint64_t number, uint16_t code, std::string reason, Outputs& out);
    void lose(Links::iterator link, std::string_view why, Outputs& out);
    void hang_up(Links::iterator link, std::string_view why, LinkOutputs& links, Outputs& out);
    bool spend(Instant now, Client& client, size_t bytes) const;
    Instant deadline_of(const Link& link) const;

    std::string server_;
    LinkId last_link_ = 0;
    Links links_;
    std::map<ConnectionId, Client> clients_;
    std::map<std::string, Instant> dialed_;  // servers to which the last link did not come to be
    ForwarderCounts counts_;
};

}  // namespace parley::controller::clustering
