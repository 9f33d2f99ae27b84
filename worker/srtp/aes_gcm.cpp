#include "worker/srtp/aes_gcm.h"

#include <openssl/crypto.h>

#include <cstring>

#include "common/base/ensure.h"

namespace parley::srtp {

namespace {

constexpr size_t kTag = 16;

// The block that masks the tag; the text is counted from the one behind it. SP 800-38D §7.1.
Block first_counter(const Nonce& nonce) {
    Block counter{};
    std::memcpy(counter.data(), nonce.data(), nonce.size());
    counter[15] = 1;
    return counter;
}

Block xor_blocks(Block a, const Block& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] ^= b[i];
    return a;
}

void run_openssl(EVP_CIPHER_CTX* context, uint8_t* out, base::Bytes in) {
    if (in.empty()) return;
    ENSURE(EVP_Cipher(context, out, in.data(), static_cast<unsigned>(in.size())) >= 0);
}

}  // namespace

AesGcm::AesGcm(size_t key_size, Engine engine) : engine_(engine) {
    ENSURE(engine == Engine::OpenSsl || Ghash::supported());
    if (engine_ == Engine::CarryLess) {
        aes_.emplace(key_size);
        return;
    }
    openssl_.reset(EVP_CIPHER_CTX_new());
    ENSURE(openssl_ != nullptr);
    const EVP_CIPHER* cipher = key_size == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
    ENSURE(EVP_EncryptInit_ex(openssl_.get(), cipher, nullptr, nullptr, nullptr) == 1);
}

void AesGcm::set_key(const uint8_t* key) {
    if (engine_ == Engine::OpenSsl) {
        ENSURE(EVP_EncryptInit_ex(openssl_.get(), nullptr, nullptr, key, nullptr) == 1);
        return;
    }
    aes_->set_key(key);
    ghash_.set_key(aes_->encrypt(Block{}));
}

void AesGcm::openssl_begin(const Nonce& nonce, base::Bytes aad, bool encrypt) {
    EVP_CIPHER_CTX* context = openssl_.get();
    ENSURE(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), encrypt) == 1);
    run_openssl(context, nullptr, aad);
}

void AesGcm::seal(const Nonce& nonce, base::Bytes aad, std::span<uint8_t> text, uint8_t* tag) {
    if (engine_ == Engine::CarryLess) {
        const Block mask = aes_->count_behind(first_counter(nonce), text);
        const Block made = xor_blocks(ghash_.digest(aad, text), mask);
        std::memcpy(tag, made.data(), kTag);
        return;
    }
    openssl_begin(nonce, aad, true);
    run_openssl(openssl_.get(), text.data(), text);
    int none = 0;
    ENSURE(EVP_EncryptFinal_ex(openssl_.get(), text.data(), &none) == 1);
    ENSURE(EVP_CIPHER_CTX_ctrl(openssl_.get(), EVP_CTRL_AEAD_GET_TAG, kTag, tag) == 1);
}

bool AesGcm::open(const Nonce& nonce, base::Bytes aad, std::span<uint8_t> text,
                  const uint8_t* tag) {
    if (engine_ == Engine::CarryLess) {
        const Block digest = ghash_.digest(aad, text);
        const Block mask = aes_->count_behind(first_counter(nonce), text);
        return CRYPTO_memcmp(xor_blocks(digest, mask).data(), tag, kTag) == 0;
    }
    openssl_begin(nonce, aad, false);
    Block expected;
    std::memcpy(expected.data(), tag, kTag);
    ENSURE(EVP_CIPHER_CTX_ctrl(openssl_.get(), EVP_CTRL_AEAD_SET_TAG, kTag, expected.data()) == 1);
    run_openssl(openssl_.get(), text.data(), text);
    int none = 0;
    return EVP_DecryptFinal_ex(openssl_.get(), text.data(), &none) == 1;
}

}  // namespace parley::srtp
