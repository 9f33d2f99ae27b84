#pragma once

#include <optional>
#include <span>

#include "common/base/flat_map.h"
#include "worker/srtp/packet_index.h"
#include "worker/srtp/transform.h"

namespace parley::srtp {

// Protects what one transport sends. RFC 3711 §3.3, §3.4. Allocates when an SSRC is first seen,
// never for its later packets.
//
// No index may be used twice for different content: that would show both. The sequence numbers
// are the caller's, so that law is too; they may go back by less than 2^15 to send a packet
// again, and a stream should begin below 2^15, so that a listener who misses its first packets
// counts the same rollovers.
class Sender {
public:
    Sender(Profile profile, const Master& master);

    // `room[0, size)` is a complete packet; protects it in place and returns its new size, at
    // most kMaxOverhead more. 0 when it does not fit the room, is malformed, goes back before the
    // stream's first rollover, or the key is used up; the bytes are then as they were.
    size_t protect_rtp(std::span<uint8_t> room, size_t size);
    size_t protect_rtcp(std::span<uint8_t> room, size_t size);

    // Frees the state of a stream that has ended. Its SSRC must not be sent with this key again.
    void forget(uint32_t ssrc) { highest_.erase(ssrc); }

    Profile profile() const { return profile_; }
    uint64_t packets() const { return packets_; }  // RTP packets protected, of all streams
    size_t streams() const { return highest_.size(); }

    // Rollover counter and sequence number of the newest packet; none before the first.
    std::optional<uint64_t> highest_index(uint32_t ssrc) const;

private:
    Transform transform_;
    base::FlatMap<uint32_t, uint64_t> highest_;
    uint64_t packets_ = 0;
    uint32_t next_rtcp_index_ = 0;  // one for all SSRCs: each sees it grow, RFC 3711 §3.4
    Profile profile_;
};

}  // namespace parley::srtp
