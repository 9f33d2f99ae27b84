#pragma once

#include "worker/srtp/aes_gcm.h"
#include "worker/srtp/key_derivation.h"

namespace parley::srtp {

// AES-GCM over the packets of one direction. RTP and RTCP have keys of their own but share one
// cipher, which is keyed anew when the kind changes: RTCP is rare, and a second cipher would cost
// every listener a kilobyte. RFC 7714.
class AeadTransform {
public:
    static constexpr size_t kTag = 16;

    AeadTransform(size_t key_size, const SessionKeys& rtp, const SessionKeys& rtcp,
                  AesGcm::Engine engine = AesGcm::fastest());

    // Protect `room[0, size)` in place, of which the first `head` bytes stay readable, and return
    // the new size. REQUIRES: room for the tag, and for RTCP the trailer; head <= size.
    size_t seal_rtp(std::span<uint8_t> room, size_t head, size_t size, uint32_t ssrc,
                    uint64_t index);
    size_t seal_rtcp(std::span<uint8_t> room, size_t size, uint32_t ssrc, uint32_t index);

    // Unprotect the whole of `packet` in place. False when it is not authentic.
    // REQUIRES: no smaller than head, tag and, for RTCP, trailer.
    bool open_rtp(std::span<uint8_t> packet, size_t head, uint32_t ssrc, uint64_t index);
    bool open_rtcp(std::span<uint8_t> packet, uint32_t ssrc, uint32_t index);

private:
    const SessionKeys& use(Kind kind);

    AesGcm gcm_;
    std::array<SessionKeys, 2> keys_;
    Kind loaded_ = Kind::Rtp;
};

}  // namespace parley::srtp
