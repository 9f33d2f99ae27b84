#include "tests/bench/forward/bare_cipher.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>
#include <cstring>
#include <span>

#include "common/base/bytes.h"
#include "common/base/ensure.h"

namespace parley::bench {

namespace {

constexpr size_t kGcmTag = 16, kSha1Tag = 10;

// AES-GCM: RFC 7714 §8.1.
class BareGcm final : public BareCipher {
public:
    BareGcm(srtp::Profile profile, const srtp::Master& master, bool encrypts)
        : BareCipher(profile, master) {
        const EVP_CIPHER* const cipher =
            profile == srtp::Profile::AeadAes256Gcm ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
        ENSURE(EVP_CipherInit_ex(context_.get(), cipher, nullptr, keys_.key.data(), nullptr,
                                 encrypts ? 1 : 0) == 1);
    }

    size_t seal(uint8_t* packet, size_t head, size_t size, uint32_t ssrc,
                uint64_t index) override {
        int written = 0;
        const std::array<uint8_t, 12> nonce = nonce_of(ssrc, index);
        EVP_EncryptInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data());
        EVP_EncryptUpdate(context_.get(), nullptr, &written, packet, static_cast<int>(head));
        EVP_EncryptUpdate(context_.get(), packet + head, &written, packet + head,
                          static_cast<int>(size - head));
        EVP_EncryptFinal_ex(context_.get(), packet + size, &written);
        EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTag, packet + size);
        return size + kGcmTag;
    }

    size_t open(uint8_t* packet, size_t head, size_t size, uint32_t ssrc,
                uint64_t index) override {
        int written = 0;
        const size_t plain = size - kGcmTag;
        const std::array<uint8_t, 12> nonce = nonce_of(ssrc, index);
        EVP_DecryptInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data());
        EVP_DecryptUpdate(context_.get(), nullptr, &written, packet, static_cast<int>(head));
        EVP_DecryptUpdate(context_.get(), packet + head, &written, packet + head,
                          static_cast<int>(plain - head));
        EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTag, packet + plain);
        return EVP_DecryptFinal_ex(context_.get(), packet + plain, &written) == 1 ? plain : 0;
    }

private:
    std::array<uint8_t, 12> nonce_of(uint32_t ssrc, uint64_t index) const {
        std::array<uint8_t, 12> nonce{};
        base::ByteWriter out(std::span<uint8_t>(nonce).subspan(2));
        out.u32(ssrc);
        out.u16(static_cast<uint16_t>(index >> 32));
        out.u32(static_cast<uint32_t>(index));
        for (size_t i = 0; i < nonce.size(); ++i) nonce[i] ^= keys_.salt[i];
        return nonce;
    }
};

// AES in counter mode and HMAC-SHA1: RFC 3711 §4.1.1, §4.2.
class BareCounter final : public BareCipher {
public:
    BareCounter(srtp::Profile profile, const srtp::Master& master)
        : BareCipher(profile, master) {
        ENSURE(EVP_EncryptInit_ex(context_.get(), EVP_aes_128_ctr(), nullptr, keys_.key.data(),
                                  nullptr) == 1);
        EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
        mac_.reset(EVP_MAC_CTX_new(hmac));
        EVP_MAC_free(hmac);
        char digest[] = "SHA1";
        const OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
            OSSL_PARAM_construct_end()};
        ENSURE(EVP_MAC_init(mac_.get(), keys_.auth.data(), keys_.auth.size(), parameters) == 1);
    }

    size_t seal(uint8_t* packet, size_t head, size_t size, uint32_t ssrc,
                uint64_t index) override {
        crypt(packet, head, size, ssrc, index);
        const auto tag = tag_of(packet, size, index);
        std::memcpy(packet + size, tag.data(), kSha1Tag);
        return size + kSha1Tag;
    }

    size_t open(uint8_t* packet, size_t head, size_t size, uint32_t ssrc,
                uint64_t index) override {
        const size_t plain = size - kSha1Tag;
        const auto tag = tag_of(packet, plain, index);
        if (CRYPTO_memcmp(tag.data(), packet + plain, kSha1Tag) != 0) return 0;
        crypt(packet, head, plain, ssrc, index);
        return plain;
    }

private:
    void crypt(uint8_t* packet, size_t head, size_t size, uint32_t ssrc, uint64_t index) {
        std::array<uint8_t, 16> iv{};
        base::ByteWriter out(std::span<uint8_t>(iv).subspan(4));
        out.u32(ssrc);
        out.u16(static_cast<uint16_t>(index >> 32));
        out.u32(static_cast<uint32_t>(index));
        for (size_t i = 0; i < keys_.salt.size(); ++i) iv[i] ^= keys_.salt[i];
        int written = 0;
        EVP_EncryptInit_ex(context_.get(), nullptr, nullptr, nullptr, iv.data());
        EVP_EncryptUpdate(context_.get(), packet + head, &written, packet + head,
                          static_cast<int>(size - head));
    }

    std::array<uint8_t, 20> tag_of(const uint8_t* packet, size_t size, uint64_t index) {
        std::array<uint8_t, 20> tag;
        std::array<uint8_t, 4> rollover;
        base::ByteWriter(rollover).u32(static_cast<uint32_t>(index >> 16));
        size_t written = 0;
        EVP_MAC_init(mac_.get(), nullptr, 0, nullptr);
        EVP_MAC_update(mac_.get(), packet, size);
        EVP_MAC_update(mac_.get(), rollover.data(), rollover.size());
        EVP_MAC_final(mac_.get(), tag.data(), &written, tag.size());
        return tag;
    }

    std::unique_ptr<EVP_MAC_CTX, Free> mac_;
};

}  // namespace

BareCipher::BareCipher(srtp::Profile profile, const srtp::Master& master)
    : keys_(srtp::derive_keys(profile, master, srtp::Kind::Rtp)),
      context_(EVP_CIPHER_CTX_new()) {}

std::unique_ptr<BareCipher> BareCipher::make(srtp::Profile profile, const srtp::Master& master,
                                             bool encrypts) {
    if (profile == srtp::Profile::AesCm128HmacSha1_80) {
        return std::make_unique<BareCounter>(profile, master);
    }
    return std::make_unique<BareGcm>(profile, master, encrypts);
}

}  // namespace parley::bench
