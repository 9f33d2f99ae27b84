#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/core.h"
#include "controller/signalling/rate_limit.h"

namespace parley::controller::signalling {

// The messages between one peer and the server, over one connection after another. A session with
// an id is numbered: what was sent is kept, so that the next connection goes on where the last one
// broke off, and a request that comes twice is carried out once. docs/signalling.md.
class Session {
public:
    explicit Session(std::string id) : id_(std::move(id)) {}

    const std::string& id() const { return id_; }
    bool numbered() const { return !id_.empty(); }

    std::optional<ConnectionId> connection() const { return connection_; }
    void attach(ConnectionId connection) { connection_ = connection; }
    void detach() { connection_.reset(); }

    // Sends one message (a JSON object), numbered and kept where the session is.
    void post(std::string message, Outputs& out);
    // Sends what is not worth keeping for a client that is away.
    void post_fleeting(const std::string& message, Outputs& out);
    // Sends a message that belongs to the connection, without a number.
    void post_unnumbered(std::string message, Outputs& out) const;

    // Whether everything after `received` is still here.
    bool can_resume(uint64_t received) const;
    // Sends it again; a session that awaits its client goes on from there. REQUIRES:
    // can_resume(received), a connection.
    void resume(uint64_t received, Outputs& out);
    // The messages so far were another process's: until the client comes and says how many it has
    // received, nothing can be numbered, and nothing is kept.
    void await_client() { awaits_client_ = true; }
    bool awaits_client() const { return awaits_client_; }

    // --- requests of the client

    enum class Repeat : uint8_t { New, InProgress, Answered };
    // Answered: the answer it had has been sent again.
    Repeat begin(uint64_t request, Outputs& out);
    void answer(uint64_t request, std::string response, Outputs& out);

    // --- requests of the server, each about one object

    // Sends a request. Its id is its number, where messages have one: so it is never another's,
    // not even one of the controller before this one.
    void ask(std::string_view method, std::string_view data, uint64_t object, Outputs& out);
    // The object of the request that this response is for; nothing when there is none.
    std::optional<uint64_t> on_response(uint64_t request);
    bool awaits(uint64_t request) const { return asked_.contains(request); }
    // Objects whose requests the client has surely got, though its answers may be lost.
    std::vector<uint64_t> asked_before(uint64_t received) const;

    RateLimit& rate() { return rate_; }

    void ensure_invariants() const;

private:
    struct Sent {
        uint64_t seq;
        std::string text;
    };

    void keep(std::string text);

    std::string id_;
    std::optional<ConnectionId> connection_;
    RateLimit rate_{200, 50};
    bool awaits_client_ = false;
    uint64_t first_seq_ = 0;  // messages up to here were another process's
    uint64_t last_seq_ = 0;
    std::deque<Sent> sent_;
    size_t sent_bytes_ = 0;
    uint64_t last_ask_ = 0;               // where messages are not numbered
    std::map<uint64_t, uint64_t> asked_;  // unanswered requests -> their objects
    // Requests of the client: "" while in progress, else the answer. The oldest is forgotten first.
    std::map<uint64_t, std::string> requests_;
    std::deque<uint64_t> request_order_;
    size_t request_bytes_ = 0;
};

}  // namespace parley::controller::signalling
