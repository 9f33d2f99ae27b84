#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "controller/cluster/link_frames.h"
#include "controller/core.h"

namespace parley::controller::clustering {

struct LinkHostCounts {
    uint64_t opened = 0;  // clients of other servers that came
    uint64_t links = 0;   // welcomed
    uint64_t refused =
        0;  // links that showed a wrong key, or whose frames are not as they should be
};

// The other end of a Forwarder: takes the links of other servers, and lets their clients into our
// rooms. To the controller each is a connection like any other. The server that forwards it has
// checked its token, and who shows our link key is believed: docs/link.md.
class LinkHost {
public:
    // `key` is what our beats say.
    LinkHost(std::string server, std::string key)
        : server_(std::move(server)), key_(std::move(key)) {}

    // `link` is the connection that the shell has for the WebSocket; what is said to it is SendText
    // and CloseConnection to that.
    void on_connect(Instant now, ConnectionId link, std::string_view remote);
    void on_message(Instant now, ConnectionId link, std::string_view text, Controller& controller,
                    Outputs& out);
    void on_disconnect(Instant now, ConnectionId link, Controller& controller, Outputs& out);

    void on_deadline(Instant now, Controller& controller, Outputs& out);
    Instant next_deadline() const;

    bool is_link(ConnectionId connection) const { return links_.contains(connection); }
    // Whether the other end has shown the key.
    bool is_welcome(ConnectionId link) const;

    // Connections of clients that come by a link have ids of their own, which no shell gives.
    static bool is_forwarded(ConnectionId connection) { return connection & kForwarded; }
    // What the controller says to such a client, to the link that it comes by.
    void say(Instant now, const SendText& said, Controller& controller, Outputs& out);
    void say(Instant now, const CloseConnection& said, Outputs& out);

    size_t links() const { return links_.size(); }
    size_t clients() const { return clients_.size(); }
    const LinkHostCounts& counts() const { return counts_; }

    void ensure_invariants() const;

private:
    static constexpr ConnectionId kForwarded = 1ull << 63;

    struct Link {
        std::string remote;
        std::string from = {};  // "": has not said hello
        Instant since;
        Instant said;
        Instant heard;
        uint64_t last_number = 0;
        std::map<uint64_t, ConnectionId> clients = {};  // by their numbers on this link
    };
    struct Client {
        ConnectionId link;
        uint64_t number;
    };
    using Links = std::map<ConnectionId, Link>;

    void on_hello(Instant now, Links::iterator link, const LinkHello& hello, Controller& controller,
                  Outputs& out);
    void on_open(Instant now, Links::iterator link, const LinkOpen& open, Controller& controller,
                 Outputs& out);
    void send(Instant now, Links::iterator link, const LinkFrame& frame, Outputs& out);
    void refuse(Instant now, Links::iterator link, uint16_t code, const std::string& why,
                Controller& controller, Outputs& out);
    void forget(Instant now, Links::iterator link, Controller& controller, Outputs& out);
    Instant deadline_of(const Link& link) const;

    std::string server_;
    std::string key_;
    ConnectionId last_client_ = 0;
    Links links_;
    std::map<ConnectionId, Client> clients_;
    LinkHostCounts counts_;
};

}  // namespace parley::controller::clustering
