#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "worker/srtp/aes_instructions.h"

namespace parley::srtp {

struct CipherFree {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;

// AES with a kept key, and the counter mode that both transforms are made of: all counter blocks of
// a packet are encrypted in one go. OpenSSL's own counter mode and GCM spend more time on taking a
// new IV than on 100 bytes of voice.
class AesBlocks {
public:
    enum class Engine : uint8_t {
        OpenSsl,       // everywhere
        Instructions,  // as fast, with a quarter of the memory to fetch for each listener
    };

    static Engine fastest() {
        return AesInstructions::supported() ? Engine::Instructions : Engine::OpenSsl;
    }

    // `key_size` is 16 or 32. Nothing may be encrypted before the first set_key().
    // REQUIRES: the processor has what the engine wants.
    explicit AesBlocks(size_t key_size, Engine engine = fastest());

    // `key` has the key size given at construction.
    void set_key(const uint8_t* key);

    Block encrypt(const Block& plain);

    // XORs `text` with the key stream that begins at `counter`, whose last 32 bits count up and
    // wrap by themselves. SP 800-38D §6.5; RFC 3711 §4.1.1, where only 16 of them ever move.
    void count(const Block& counter, std::span<uint8_t> text) { run(counter, nullptr, text); }

    // The same, with the first block of the key stream returned instead of used: what GCM masks
    // its tag with.
    Block count_behind(const Block& counter, std::span<uint8_t> text);

private:
    void run(const Block& counter, Block* lead, std::span<uint8_t> text);
    void run_openssl(const Block& counter, Block* lead, std::span<uint8_t> text);

    size_t key_size_;
    CipherContext context_;         // OpenSsl
    AesInstructions instructions_;  // Instructions: no context
};

}  // namespace parley::srtp
