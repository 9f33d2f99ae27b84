#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace parley::srtp {

using Block = std::array<uint8_t, 16>;

struct CipherFree {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;

// AES with a kept key, and the counter mode that both transforms are made of. OpenSSL encrypts the
// counter blocks, all of a packet in one call: its own counter mode and GCM spend more time on
// taking a new IV than on 100 bytes of voice.
class AesBlocks {
public:
    // `key_size` is 16 or 32. Nothing may be encrypted before the first set_key().
    explicit AesBlocks(size_t key_size);

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

    CipherContext context_;
};

}  // namespace parley::srtp
