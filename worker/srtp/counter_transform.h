#pragma once

#include "worker/srtp/aes_blocks.h"
#include "worker/srtp/hmac_sha1.h"
#include "worker/srtp/key_derivation.h"

namespace parley::srtp {

// AES in counter mode and HMAC-SHA1 cut to 80 bits, over the packets of one direction. RTP and
// RTCP share one cipher as in AeadTransform, which has the same members. RFC 3711 §4.1.1, §4.2.1.
class CounterTransform {
public:
    static constexpr size_t kTag = 10;

    CounterTransform(const SessionKeys& rtp, const SessionKeys& rtcp);

    size_t seal_rtp(std::span<uint8_t> room, size_t head, size_t size, uint32_t ssrc,
                    uint64_t index);
    size_t seal_rtcp(std::span<uint8_t> room, size_t size, uint32_t ssrc, uint32_t index);

    // The text is left as it was when it is not authentic.
    bool open_rtp(std::span<uint8_t> packet, size_t head, uint32_t ssrc, uint64_t index);
    bool open_rtcp(std::span<uint8_t> packet, uint32_t ssrc, uint32_t index);

private:
    struct Keyed {
        SessionKeys keys;
        HmacSha1 hmac;
    };

    const Keyed& keyed(Kind kind) const { return keyed_[static_cast<size_t>(kind)]; }
    void encrypt(Kind kind, std::span<uint8_t> text, uint32_t ssrc, uint64_t index);

    AesBlocks aes_;
    std::array<Keyed, 2> keyed_;
    Kind loaded_ = Kind::Rtp;
};

}  // namespace parley::srtp
