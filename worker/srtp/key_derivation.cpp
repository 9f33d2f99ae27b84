#include "worker/srtp/key_derivation.h"

#include <openssl/crypto.h>

#include "worker/srtp/aes_blocks.h"

namespace parley::srtp {

namespace {

enum Label : uint8_t { kEncryption = 0, kAuthentication = 1, kSalt = 2 };  // RFC 3711 §4.3.2
constexpr uint8_t kRtcpLabels = 3;                                         // what to add for SRTCP

}  // namespace

SessionKeys::~SessionKeys() {
    OPENSSL_cleanse(this, sizeof *this);
}

SessionKeys derive_keys(Profile profile, const Master& master, Kind kind) {
    AesBlocks prf(key_size(profile));
    prf.set_key(master.key.data());
    Block salt{};  // a salt of 96 bits counts as one of 112 that ends in zeros
    std::memcpy(salt.data(), master.salt.data(), salt_size(profile));
    const auto fill = [&](Label label, std::span<uint8_t> room) {
        Block x = salt;
        x[7] ^= static_cast<uint8_t>(label + (kind == Kind::Rtcp ? kRtcpLabels : 0));
        prf.count(x, room);  // the room is zero, so what is left in it is the key stream
    };
    SessionKeys keys;
    fill(kEncryption, std::span(keys.key).first(key_size(profile)));
    fill(kSalt, std::span(keys.salt).first(salt_size(profile)));
    fill(kAuthentication, keys.auth);
    OPENSSL_cleanse(salt.data(), salt.size());
    return keys;
}

}  // namespace parley::srtp
