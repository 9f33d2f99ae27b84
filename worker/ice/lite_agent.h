#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/time.h"
#include "worker/ice/credentials.h"
#include "worker/ice/path_table.h"
#include "worker/ice/state.h"
#include "worker/net/address.h"
#include "worker/net/outbox.h"
#include "worker/stun/message.h"
#include "worker/stun/writer.h"

namespace parley::ice {

// What became of one STUN datagram.
enum class Heard : uint8_t {
    Answered,         // an authenticated check; also when the answer was 420 or 487
    Malformed,        // no STUN, or a request that no agent sends
    UnknownUser,      // a well-formed check, for another agent
    Unauthenticated,  // not made with our password
    Ignored,          // no binding request: a lite agent asks nothing, so it awaits no answer
};

// Answers the connectivity checks of one peer and says which path to send on. It never sends
// checks of its own and is always the controlled side. RFC 8445 §2.5, §6.1.1, §7.3.
//
// Only a check that was answered with a success changes anything. The others are told apart from
// cheap to dear, and are answered only where that can neither amplify nor help a stranger: never
// with more bytes than came (a sender's address may be forged), and not at all when the user is
// unknown: the caller may try another agent then, and whoever guesses learns nothing.
class LiteAgent {
public:
    LiteAgent(Credentials local, base::Instant now);

    // Handles one STUN datagram and writes at most one response to `out`, to where it came from.
    // `bytes` are only borrowed. Does not allocate.
    Heard on_stun(base::Instant now, const net::Path& from, base::Bytes bytes, net::Outbox& out);

    // ICE restart, RFC 8445 §9. Checks with the credentials the peer used so far stay good, and
    // paths and state stay as they are, until the first check with the new ones: that one chooses
    // anew, like an agent's first. Paths proved before stay in paths() until their consent ends,
    // for what is still under way on them. Does nothing once closed.
    void restart(base::Instant now, Credentials local);

    // Ends it: every path is forgotten and nothing is answered any more.
    void close(base::Instant now);

    // The connection that is this path has ended. If it was the selected one, the path that was
    // heard last is; without any the agent is Disconnected until the next check.
    void on_path_closed(base::Instant now, const net::Path& path);

    void on_deadline(base::Instant now);   // call at or after next_deadline()
    base::Instant next_deadline() const;   // Instant::never() while no path is known

    State state() const { return state_; }

    // The path to send on; there is one while Connected or Completed.
    std::optional<net::Path> selected() const { return paths_.selected(); }

    // Those proved by an authenticated check, at most kPathsPerTransport. What comes from them may
    // be believed to come from the peer's address, and no more: DTLS and SRTP prove the rest.
    // Borrowed until the next call of anything that is not const.
    std::span<const net::Path> paths() const { return paths_.paths(); }

    // Grows whenever paths(), selected(), state() or local_fragments() changed.
    uint32_t changes() const { return changes_; }

    const Credentials& local() const { return local_; }

    // The local fragments that checks may name now, the newest first: two between a restart and
    // the first check that follows it, else one. Borrowed like paths().
    struct Fragments {
        std::array<std::string_view, 2> names{};
        size_t count = 0;

        auto begin() const { return names.begin(); }
        auto end() const { return names.begin() + count; }
    };
    Fragments local_fragments() const;

    void ensure_invariants() const;

private:
    Heard hear(base::Instant now, const net::Path& from, base::Bytes bytes, net::Outbox& out);
    void on_check(base::Instant now, const net::Path& from, const stun::MessageView& check);
    const Credentials* credentials_for(std::string_view username) const;
    void forget_previous();
    void note(bool changed);
    void enter(State state);

    Credentials local_;
    std::optional<Credentials> previous_;  // since a restart that the peer has not followed yet
    PathTable paths_;
    State state_ = State::New;
    uint32_t changes_ = 0;
};

}  // namespace parley::ice
