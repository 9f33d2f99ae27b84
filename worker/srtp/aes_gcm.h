#pragma once

#include <optional>

#include "worker/srtp/aes_blocks.h"
#include "worker/srtp/ghash.h"

namespace parley::srtp {

using Nonce = std::array<uint8_t, 12>;

// AES-GCM with a kept key, a nonce for each packet and a tag of 16 bytes. SP 800-38D §7.
class AesGcm {
public:
    enum class Engine : uint8_t {
        OpenSsl,    // everywhere
        CarryLess,  // AesBlocks and our GHASH, a third of the time for voice
    };

    static Engine fastest() { return Ghash::supported() ? Engine::CarryLess : Engine::OpenSsl; }

    // `key_size` is 16 or 32. REQUIRES: the processor has what the engine wants.
    explicit AesGcm(size_t key_size, Engine engine = fastest());

    // Nothing may be sealed or opened before the first set_key().
    void set_key(const uint8_t* key);

    // Encrypts `text` in place and writes its tag.
    void seal(const Nonce& nonce, base::Bytes aad, std::span<uint8_t> text, uint8_t* tag);

    // Decrypts `text` in place. False when the tag is wrong; `text` is then worthless.
    bool open(const Nonce& nonce, base::Bytes aad, std::span<uint8_t> text, const uint8_t* tag);

private:
    void openssl_begin(const Nonce& nonce, base::Bytes aad, bool encrypt);

    Engine engine_;
    std::optional<AesBlocks> aes_;  // CarryLess
    Ghash ghash_;                   // CarryLess
    CipherContext openssl_;         // OpenSsl
};

}  // namespace parley::srtp
