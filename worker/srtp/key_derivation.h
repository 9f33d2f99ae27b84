#pragma once

#include "worker/srtp/profile.h"

namespace parley::srtp {

// What protects the packets of one kind. The first key_size and salt_size bytes count; `auth` is
// used by HMAC-SHA1 alone.
struct SessionKeys {
    SessionKeys() = default;
    SessionKeys(const SessionKeys&) = default;
    SessionKeys& operator=(const SessionKeys&) = default;
    ~SessionKeys();  // wipes them

    std::array<uint8_t, 32> key{};
    std::array<uint8_t, 14> salt{};
    std::array<uint8_t, kAuthKeySize> auth{};
};

// Session keys are made once and never renewed (key derivation rate 0). RFC 3711 §4.3.1 for 128
// bits, RFC 6188 §3 for 256, RFC 7714 §11 for the short salts of AEAD.
SessionKeys derive_keys(Profile profile, const Master& master, Kind kind);

}  // namespace parley::srtp
