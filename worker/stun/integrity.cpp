// The SHA1_* calls are deprecated in favour of EVP, which fetches and allocates for every message
// unless a context is kept with each password. These work on the stack and are not going away in
// OpenSSL 3.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "worker/stun/integrity.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "common/base/ensure.h"

namespace parley::stun {

namespace {

using Block = std::array<uint8_t, SHA_CBLOCK>;

void add(SHA_CTX& hash, base::Bytes bytes) { SHA1_Update(&hash, bytes.data(), bytes.size()); }

Integrity finish(SHA_CTX& hash) {
    Integrity digest;
    SHA1_Final(digest.data(), &hash);
    return digest;
}

// Starts a hash with the key, padded to one block and masked. RFC 2104 §2.
SHA_CTX keyed(const Block& key, uint8_t mask) {
    Block block = key;
    for (uint8_t& byte : block) byte ^= mask;
    SHA_CTX hash;
    SHA1_Init(&hash);
    add(hash, block);
    return hash;
}

Block block_of(std::string_view key) {
    Block block{};
    base::Bytes bytes = base::as_bytes(key);
    Integrity digest;
    if (bytes.size() > block.size()) {
        SHA1(bytes.data(), bytes.size(), digest.data());
        bytes = digest;
    }
    if (!bytes.empty()) std::memcpy(block.data(), bytes.data(), bytes.size());
    return block;
}

}  // namespace

Integrity integrity_of(base::Bytes before, std::string_view key) {
    constexpr size_t kAttributeBytes = 4 + kIntegrityBytes;
    ENSURE(before.size() >= kHeaderBytes);
    const size_t length = before.size() - kHeaderBytes + kAttributeBytes;
    const std::array<uint8_t, 2> length_bytes = {static_cast<uint8_t>(length >> 8),
                                                 static_cast<uint8_t>(length)};
    const Block block = block_of(key);
    SHA_CTX inner = keyed(block, 0x36);
    add(inner, before.first(2));
    add(inner, length_bytes);
    add(inner, before.subspan(4));
    const Integrity digest = finish(inner);
    SHA_CTX outer = keyed(block, 0x5c);
    add(outer, digest);
    return finish(outer);
}

bool verify_integrity(const MessageView& message, std::string_view password) {
    if (!message.integrity_at) return false;
    const Integrity wanted = integrity_of(message.bytes.first(*message.integrity_at), password);
    const base::Bytes given = message.bytes.subspan(*message.integrity_at + 4, kIntegrityBytes);
    return CRYPTO_memcmp(wanted.data(), given.data(), kIntegrityBytes) == 0;
}

}  // namespace parley::stun
