// SHA1_Init and its like are deprecated in favour of EVP, which can not keep a state in 20 bytes.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "worker/srtp/hmac_sha1.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "common/base/ensure.h"

namespace parley::srtp {

namespace {

using State = std::array<uint32_t, 5>;

State state_of(const SHA_CTX& sha) {
    return {sha.h0, sha.h1, sha.h2, sha.h3, sha.h4};
}

// A hash that has taken one block and stands at `state`.
SHA_CTX behind_key(const State& state) {
    SHA_CTX sha;
    SHA1_Init(&sha);
    sha.h0 = state[0];
    sha.h1 = state[1];
    sha.h2 = state[2];
    sha.h3 = state[3];
    sha.h4 = state[4];
    sha.Nl = 8 * SHA_CBLOCK;
    return sha;
}

State take_padded_key(base::Bytes key, uint8_t pad) {
    std::array<uint8_t, SHA_CBLOCK> block;
    block.fill(pad);
    for (size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
    SHA_CTX sha;
    SHA1_Init(&sha);
    SHA1_Update(&sha, block.data(), block.size());
    OPENSSL_cleanse(block.data(), block.size());
    return state_of(sha);
}

}  // namespace

void HmacSha1::set_key(base::Bytes key) {
    ENSURE(key.size() <= SHA_CBLOCK);
    inner_ = take_padded_key(key, 0x36);
    outer_ = take_padded_key(key, 0x5c);
}

HmacSha1::Digest HmacSha1::digest(base::Bytes text, base::Bytes tail) const {
    Digest digest;
    SHA_CTX sha = behind_key(inner_);
    SHA1_Update(&sha, text.data(), text.size());
    if (!tail.empty()) SHA1_Update(&sha, tail.data(), tail.size());
    SHA1_Final(digest.data(), &sha);
    sha = behind_key(outer_);
    SHA1_Update(&sha, digest.data(), digest.size());
    SHA1_Final(digest.data(), &sha);
    return digest;
}

}  // namespace parley::srtp
