#pragma once

#include <optional>
#include <vector>

#include "common/base/replay_window.h"
#include "worker/dtls/keys.h"
#include "worker/dtls/record.h"

namespace parley::dtls {

// The records of a session after its handshake: AES-GCM, epoch 1, in both directions. They are
// few (alerts, a Finished that was sent again), so no cipher is kept between them, and a session
// is its keys and counters. RFC 6347 §4.1, RFC 5288 §3.
class SecureRecords {
public:
    // Nothing may be sealed before note_sent() has seen what the handshake sent under these keys.
    explicit SecureRecords(const RecordKeys& keys) : keys_(keys) {}
    ~SecureRecords();  // wipes the keys

    SecureRecords(const SecureRecords&) = default;
    SecureRecords& operator=(const SecureRecords&) = default;

    // Moves the numbers of what is sealed later past those of a datagram of the handshake.
    void note_sent(base::Bytes datagram);

    // A datagram of one record with `plain` in it.
    std::vector<uint8_t> seal(ContentType type, base::Bytes plain);

    // What the record says, once: nothing when it is in the clear, was opened before, is too old
    // to tell, or is not the peer's.
    std::optional<std::vector<uint8_t>> open(const Record& record);

private:
    RecordKeys keys_;
    base::ReplayWindow heard_;
    uint64_t next_sequence_number_ = 0;
    uint64_t next_nonce_ = 0;  // OpenSSL's began at random; the same one must not come again
};

}  // namespace parley::dtls
