#include "worker/srtp/counter_transform.h"

#include <openssl/crypto.h>

#include <cstring>

#include "worker/srtp/wire.h"

namespace parley::srtp {

namespace {

// Salt (112), XOR SSRC (32) and index (48) at its end, then 16 bits to count in. RFC 3711 §4.1.1.
Block first_counter(const SessionKeys& keys, uint32_t ssrc, uint64_t index) {
    Block counter{};
    base::ByteWriter out(counter);
    out.u32(0);
    out.u32(ssrc);
    out.u16(static_cast<uint16_t>(index >> 32));
    out.u32(static_cast<uint32_t>(index));
    for (size_t i = 0; i < keys.salt.size(); ++i) counter[i] ^= keys.salt[i];
    return counter;
}

// The rollover counter is authenticated but not sent. RFC 3711 §4.2.
std::array<uint8_t, 4> rollover(uint64_t index) {
    std::array<uint8_t, 4> bytes;
    base::ByteWriter(bytes).u32(static_cast<uint32_t>(index >> 16));
    return bytes;
}

bool tag_is(const HmacSha1::Digest& digest, const uint8_t* tag) {
    return CRYPTO_memcmp(digest.data(), tag, CounterTransform::kTag) == 0;
}

}  // namespace

CounterTransform::CounterTransform(const SessionKeys& rtp, const SessionKeys& rtcp)
    : aes_(key_size(Profile::AesCm128HmacSha1_80)), keyed_{Keyed{rtp, {}}, Keyed{rtcp, {}}} {
    for (Keyed& each : keyed_) each.hmac.set_key(each.keys.auth);
    aes_.set_key(rtp.key.data());
}

void CounterTransform::encrypt(Kind kind, std::span<uint8_t> text, uint32_t ssrc, uint64_t index) {
    const SessionKeys& keys = keyed(kind).keys;
    if (kind != loaded_) aes_.set_key(keys.key.data());
    loaded_ = kind;
    aes_.count(first_counter(keys, ssrc, index), text);
}

size_t CounterTransform::seal_rtp(std::span<uint8_t> room, size_t head, size_t size, uint32_t ssrc,
                                  uint64_t index) {
    encrypt(Kind::Rtp, room.subspan(head, size - head), ssrc, index);
    const auto digest = keyed(Kind::Rtp).hmac.digest(room.first(size), rollover(index));
    std::memcpy(room.data() + size, digest.data(), kTag);
    return size + kTag;
}

size_t CounterTransform::seal_rtcp(std::span<uint8_t> room, size_t size, uint32_t ssrc,
                                   uint32_t index) {
    encrypt(Kind::Rtcp, room.subspan(kRtcpHeadSize, size - kRtcpHeadSize), ssrc, index);
    base::ByteWriter(room.subspan(size)).u32(0x80000000 | index);  // E(1) and the index
    const size_t covered = size + kRtcpTrailerSize;
    const auto digest = keyed(Kind::Rtcp).hmac.digest(room.first(covered), {});
    std::memcpy(room.data() + covered, digest.data(), kTag);
    return covered + kTag;
}

bool CounterTransform::open_rtp(std::span<uint8_t> packet, size_t head, uint32_t ssrc,
                                uint64_t index) {
    const size_t size = packet.size() - kTag;
    const auto digest = keyed(Kind::Rtp).hmac.digest(packet.first(size), rollover(index));
    if (!tag_is(digest, packet.data() + size)) return false;
    encrypt(Kind::Rtp, packet.subspan(head, size - head), ssrc, index);
    return true;
}

bool CounterTransform::open_rtcp(std::span<uint8_t> packet, uint32_t ssrc, uint32_t index) {
    const size_t covered = packet.size() - kTag;
    const auto digest = keyed(Kind::Rtcp).hmac.digest(packet.first(covered), {});
    if (!tag_is(digest, packet.data() + covered)) return false;
    const size_t size = covered - kRtcpTrailerSize;
    encrypt(Kind::Rtcp, packet.subspan(kRtcpHeadSize, size - kRtcpHeadSize), ssrc, index);
    return true;
}

}  // namespace parley::srtp
