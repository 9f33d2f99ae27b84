#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/ensure.h"

namespace parley::srtp {

// How the packets of one transport are protected: RFC 5764 §4.1.2, RFC 7714 §12.
enum class Profile : uint8_t { AesCm128HmacSha1_80, AeadAes128Gcm, AeadAes256Gcm };

enum class Kind : uint8_t { Rtp, Rtcp };

// Why a packet was not unprotected.
enum class Error : uint8_t {
    Malformed,
    Replayed,  // heard before, or too old to tell
    Unauthenticated,
    Exhausted,       // the key has protected all it may, RFC 3711 §9.2
    TooManyStreams,  // more SSRCs at once than kSrtpStreams
};

constexpr size_t kAuthKeySize = 20;  // HMAC-SHA1, RFC 3711 §5.2

constexpr size_t key_size(Profile profile) {
    return profile == Profile::AeadAes256Gcm ? 32 : 16;
}

constexpr size_t salt_size(Profile profile) {
    return profile == Profile::AesCm128HmacSha1_80 ? 14 : 12;
}

constexpr size_t tag_size(Profile profile) {
    return profile == Profile::AesCm128HmacSha1_80 ? 10 : 16;
}

// The E bit and the index that close an SRTCP packet, RFC 3711 §3.4.
constexpr size_t kRtcpTrailerSize = 4;

// The most that protecting adds to a packet, RTP or RTCP: a tag of 16 and the trailer.
constexpr size_t kMaxOverhead = 16 + kRtcpTrailerSize;

// The master key and salt of one direction; the first key_size and salt_size bytes count.
struct Master {
    std::array<uint8_t, 32> key{};
    std::array<uint8_t, 14> salt{};
};

// The profile of a number of the IANA's DTLS-SRTP protection profiles, if it is one of ours.
constexpr std::optional<Profile> profile_of_iana(uint16_t number) {
    switch (number) {
        case 0x0001: return Profile::AesCm128HmacSha1_80;
        case 0x0007: return Profile::AeadAes128Gcm;
        case 0x0008: return Profile::AeadAes256Gcm;
        default: return std::nullopt;
    }
}

// Splits key and salt as a key exchange gives them, one behind the other. RFC 5764 §4.2.
// REQUIRES: at least key_size + salt_size bytes.
inline Master split_master(Profile profile, base::Bytes key_and_salt) {
    ENSURE(key_and_salt.size() >= key_size(profile) + salt_size(profile));
    Master master;
    std::memcpy(master.key.data(), key_and_salt.data(), key_size(profile));
    std::memcpy(master.salt.data(), key_and_salt.data() + key_size(profile), salt_size(profile));
    return master;
}

}  // namespace parley::srtp
