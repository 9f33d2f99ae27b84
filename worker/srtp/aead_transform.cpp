#include "worker/srtp/aead_transform.h"

#include <cstring>

#include "worker/srtp/wire.h"

namespace parley::srtp {

namespace {

// 16 zeros, SSRC (32), index (48), all XOR the salt. RFC 7714 §8.1 for RTP, §9.1 for RTCP, whose
// index of 31 bits has zeros before it.
Nonce nonce_of(const SessionKeys& keys, uint32_t ssrc, uint64_t index) {
    Nonce nonce{};
    base::ByteWriter out(nonce);
    out.u16(0);
    out.u32(ssrc);
    out.u16(static_cast<uint16_t>(index >> 32));
    out.u32(static_cast<uint32_t>(index));
    for (size_t i = 0; i < nonce.size(); ++i) nonce[i] ^= keys.salt[i];
    return nonce;
}

// What RTCP authenticates and does not hide: its head and its trailer. RFC 7714 §9.2, figure 3.
std::array<uint8_t, kRtcpHeadSize + kRtcpTrailerSize> rtcp_aad(const uint8_t* packet,
                                                               uint32_t index) {
    std::array<uint8_t, kRtcpHeadSize + kRtcpTrailerSize> aad;
    base::ByteWriter out(aad);
    out.put({packet, kRtcpHeadSize});
    out.u32(0x80000000 | index);  // E(1) and the index
    return aad;
}

}  // namespace

AeadTransform::AeadTransform(size_t key_size, const SessionKeys& rtp, const SessionKeys& rtcp,
                             AesGcm::Engine engine)
    : gcm_(key_size, engine), keys_{rtp, rtcp} {
    gcm_.set_key(rtp.key.data());
}

const SessionKeys& AeadTransform::use(Kind kind) {
    const SessionKeys& keys = keys_[static_cast<size_t>(kind)];
    if (kind != loaded_) gcm_.set_key(keys.key.data());
    loaded_ = kind;
    return keys;
}

size_t AeadTransform::seal_rtp(std::span<uint8_t> room, size_t head, size_t size, uint32_t ssrc,
                               uint64_t index) {
    const Nonce nonce = nonce_of(use(Kind::Rtp), ssrc, index);
    gcm_.seal(nonce, room.first(head), room.subspan(head, size - head), room.data() + size);
    return size + kTag;
}

size_t AeadTransform::seal_rtcp(std::span<uint8_t> room, size_t size, uint32_t ssrc,
                                uint32_t index) {
    const Nonce nonce = nonce_of(use(Kind::Rtcp), ssrc, index);
    const auto aad = rtcp_aad(room.data(), index);
    const auto text = room.subspan(kRtcpHeadSize, size - kRtcpHeadSize);
    gcm_.seal(nonce, aad, text, room.data() + size);
    std::memcpy(room.data() + size + kTag, aad.data() + kRtcpHeadSize, kRtcpTrailerSize);
    return size + kTag + kRtcpTrailerSize;
}

bool AeadTransform::open_rtp(std::span<uint8_t> packet, size_t head, uint32_t ssrc,
                             uint64_t index) {
    const Nonce nonce = nonce_of(use(Kind::Rtp), ssrc, index);
    const size_t size = packet.size() - kTag;
    return gcm_.open(nonce, packet.first(head), packet.subspan(head, size - head),
                     packet.data() + size);
}

bool AeadTransform::open_rtcp(std::span<uint8_t> packet, uint32_t ssrc, uint32_t index) {
    const Nonce nonce = nonce_of(use(Kind::Rtcp), ssrc, index);
    const size_t size = packet.size() - kTag - kRtcpTrailerSize;
    const auto text = packet.subspan(kRtcpHeadSize, size - kRtcpHeadSize);
    return gcm_.open(nonce, rtcp_aad(packet.data(), index), text, packet.data() + size);
}

}  // namespace parley::srtp
