#pragma once

#include <span>

#include "common/base/result.h"
#include "worker/limits.h"
#include "worker/srtp/heard_streams.h"
#include "worker/srtp/transform.h"

namespace parley::srtp {

// Unprotects what one transport receives. RFC 3711 §3.3, §3.4. Nothing is remembered of a packet
// that is not authentic. Allocates when an SSRC is first heard, never for its later packets.
class Receiver {
public:
    // `streams_max`: SSRCs of RTP that are remembered at once, and again of RTCP.
    Receiver(Profile profile, const Master& master, size_t streams_max = limits::kSrtpStreams);

    // Unprotects in place and returns the size of the plain packet, which begins where it did.
    // After an error the bytes are worthless. RTCP that says it is not encrypted is malformed:
    // every profile agrees on encryption.
    base::Result<size_t, Error> unprotect_rtp(std::span<uint8_t> packet);
    base::Result<size_t, Error> unprotect_rtcp(std::span<uint8_t> packet);

    Profile profile() const { return profile_; }
    size_t streams() const { return rtp_.size(); }  // SSRCs of RTP that are remembered

private:
    Transform transform_;
    HeardStreams rtp_;
    HeardStreams rtcp_;
    Profile profile_;
};

}  // namespace parley::srtp
