#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/srtp/packets.h"
#include "worker/srtp/aead_transform.h"
#include "worker/srtp/hmac_sha1.h"

using namespace parley;
using namespace parley::srtp;

namespace {

template <typename Room>
void put(Room& room, std::string_view hex) {
    const Packet bytes = from_hex(hex);
    std::copy(bytes.begin(), bytes.end(), room.begin());
}

template <typename Bytes>
bool begins_with(const Bytes& bytes, std::string_view hex) {
    const Packet expected = from_hex(hex);
    return std::equal(expected.begin(), expected.end(), bytes.begin());
}

constexpr std::string_view kKey =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

SessionKeys rfc7714_keys(size_t key_size) {
    SessionKeys keys;
    put(keys.key, kKey.substr(0, 2 * key_size));
    put(keys.salt, "51756964 2070726f 2071756f");
    return keys;
}

constexpr std::string_view kRtp =
    "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070"
    "61727465 73207472 6573";
constexpr std::string_view kRtcp =
    "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef"
    "deadbeef deadbeef deadbeef";

void check_rfc7714(size_t key_size, std::string_view rtp, std::string_view rtcp) {
    const SessionKeys keys = rfc7714_keys(key_size);
    for (const auto engine : {AesGcm::Engine::OpenSsl, AesGcm::fastest()}) {
        AeadTransform transform(key_size, keys, keys, engine);
        Packet room = from_hex(kRtp);
        const size_t plain = room.size();
        room.resize(plain + AeadTransform::kTag);
        CHECK(transform.seal_rtp(room, 12, plain, 0x5501a0b2, 0xf17b) == room.size());
        CHECK(room == from_hex(rtp));
        CHECK(transform.open_rtp(room, 12, 0x5501a0b2, 0xf17b));
        CHECK(begins_with(room, kRtp));

        room = from_hex(kRtcp);
        const size_t plain_rtcp = room.size();
        room.resize(plain_rtcp + AeadTransform::kTag + kRtcpTrailerSize);
        CHECK(transform.seal_rtcp(room, plain_rtcp, 0x4d617273, 0x5d4) == room.size());
        CHECK(room == from_hex(rtcp));
        CHECK(transform.open_rtcp(room, 0x4d617273, 0x5d4));
        CHECK(begins_with(room, kRtcp));
    }
}

}  // namespace

TEST_CASE("the key stream is that of RFC 3711 B.2") {
    AesBlocks aes(16);
    aes.set_key(from_hex("2b7e151628aed2a6abf7158809cf4f3c").data());
    Block counter;
    put(counter, "f0f1f2f3f4f5f6f7f8f9fafbfcfd0000");
    Packet stream((0xff01 + 1) * 16);
    aes.count(counter, stream);
    CHECK(begins_with(stream,
                      "e03ead0935c95e80e166b16dd92b4eb4 d23513162b02d0f72a43a2fe4a5f97ab"
                      "41e95b3bb0a2e8dd477901e4fca894c0"));
    const std::span<const uint8_t> end = std::span(stream).subspan(0xfeff * 16);
    CHECK(begins_with(end,
                      "ec8cdf7398607cb0f2d21675ea9ea1e4 362b7c3c6773516318a077d7fc5073ae"
                      "6a2cc3787889374fbeb4c81b17ba6c44"));
}

TEST_CASE("session keys are those of RFC 3711 B.3") {
    Master master;
    put(master.key, "e1f97a0d3e018be0d64fa32c06de4139");
    put(master.salt, "0ec675ad498afeebb6960b3aabe6");
    const SessionKeys keys = derive_keys(Profile::AesCm128HmacSha1_80, master, Kind::Rtp);
    CHECK(begins_with(keys.key, "c61e7a93744f39ee10734afe3ff7a087"));
    CHECK(begins_with(keys.salt, "30cbbc08863d8c85d49db34a9ae1"));
    CHECK(begins_with(keys.auth, "cebe321f6ff7716b6fd4ab49af256a156d38baa4"));
}

TEST_CASE("session keys of 256 bits are those of RFC 6188 §7.2, but for the shorter salt") {
    AesBlocks prf(32);
    prf.set_key(
        from_hex("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6").data());
    Block x{};
    put(x, "3b04803de51ee7c96423ab5b78d2");
    Packet key(32);
    prf.count(x, key);
    CHECK(key == from_hex("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4"));
}

TEST_CASE("AEAD_AES_128_GCM protects as RFC 7714 §16.1 and §17.1 do") {
    check_rfc7714(
        16,
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f"
        "42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1"
        "730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4");
}

TEST_CASE("AEAD_AES_256_GCM protects as RFC 7714 §16.2 and §17.3 do") {
    check_rfc7714(
        32,
        "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3"
        "b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
        "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1"
        "110555be 8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4");
}

TEST_CASE("HMAC-SHA1 is that of RFC 2202") {
    HmacSha1 hmac;
    hmac.set_key(base::as_bytes("Jefe"));
    const auto whole = hmac.digest(base::as_bytes("what do ya want for nothing?"), {});
    CHECK(begins_with(whole, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
    CHECK(hmac.digest(base::as_bytes("what do ya want"), base::as_bytes(" for nothing?")) == whole);
}
