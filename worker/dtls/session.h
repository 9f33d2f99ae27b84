#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/time.h"
#include "worker/dtls/fingerprint.h"
#include "worker/dtls/flight.h"
#include "worker/dtls/identity.h"
#include "worker/dtls/keys.h"
#include "worker/dtls/state.h"

namespace parley::dtls {

class Handshake;
class SecureRecords;
struct Record;
enum class HandshakeOutcome : uint8_t;

// One DTLS 1.2 association with a peer that is known by the fingerprint of its certificate, from
// which SRTP takes its keys. RFC 6347, RFC 5764. Data channels will be its application data,
// which it ignores until there are any.
class Session {
public:
    // One of `remote` must match the peer's certificate. The identity must outlive the session.
    Session(const Identity& identity, Role role, std::vector<Fingerprint> remote,
            base::Instant now);
    ~Session();
    Session(const Session&) = delete;

    // As the client, sends the ClientHello; as the server there is nothing to send first, and the
    // handshake begins when one is heard.
    void start(base::Instant now, Flight& out);

    // Handles one datagram; look at state() afterwards. What is not DTLS, or comes when it means
    // nothing, is dropped.
    void on_datagram(base::Instant now, base::Bytes datagram, Flight& out);

    void on_deadline(base::Instant now, Flight& out);  // call at or after next_deadline()
    base::Instant next_deadline() const { return deadline_; }

    // Says goodbye, if there is anybody to say it to.
    void close(base::Instant now, Flight& out);

    State state() const { return state_; }
    Why why() const { return why_; }
    Role role() const { return role_; }

    // Only when Connected.
    const std::optional<SrtpKeys>& keys() const { return keys_; }

    // Datagrams that were not whole records of DTLS.
    uint64_t malformed() const { return malformed_; }

private:
    void enter(State state, Why why);
    void begin(base::Instant now);
    void go_on(base::Instant now, base::Bytes datagram, Flight& out);
    void settle(base::Instant now, HandshakeOutcome outcome,
                std::span<const std::vector<uint8_t>> written);
    void connect();
    bool too_early(base::Bytes datagram);
    void on_records(base::Bytes datagram, Flight& out);
    void on_record(const Record& record, Flight& out);
    void on_alert(base::Bytes alert, Flight& out);
    void say_goodbye(Flight& out);
    void ensure_invariants() const;

    const Identity& identity_;
    std::vector<Fingerprint> remote_;         // until the handshake has them
    std::unique_ptr<Handshake> handshake_;    // while Handshaking
    std::unique_ptr<SecureRecords> records_;  // while Connected
    // The newest one of the handshake. A server that is Connected keeps it: it may have been lost.
    Flight last_flight_;
    std::optional<SrtpKeys> keys_;
    base::Instant deadline_ = base::Instant::never();
    base::Instant give_up_ = base::Instant::never();
    uint64_t malformed_ = 0;
    size_t early_records_ = 0;
    Role role_;
    State state_ = State::New;
    Why why_ = Why::None;
};

}  // namespace parley::dtls
