#include "worker/srtp/aes_blocks.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/base/ensure.h"

namespace parley::srtp {

namespace {

constexpr size_t kBlock = 16;
constexpr size_t kChunkBlocks = 96;  // a whole datagram at once

uint32_t load_be32(const uint8_t* at) {
    return uint32_t{at[0]} << 24 | uint32_t{at[1]} << 16 | uint32_t{at[2]} << 8 | at[3];
}

void store_be32(uint8_t* at, uint32_t value) {
    if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap32(value);
    std::memcpy(at, &value, 4);
}

void encrypt_in_place(EVP_CIPHER_CTX* context, uint8_t* blocks, size_t size) {
    ENSURE(EVP_Cipher(context, blocks, blocks, static_cast<unsigned>(size)) > 0);
}

}  // namespace

AesBlocks::AesBlocks(size_t key_size, Engine engine) : key_size_(key_size) {
    ENSURE(engine == Engine::OpenSsl || AesInstructions::supported());
    if (engine == Engine::Instructions) return;
    context_.reset(EVP_CIPHER_CTX_new());
    ENSURE(context_ != nullptr);
    const EVP_CIPHER* cipher = key_size == 32 ? EVP_aes_256_ecb() : EVP_aes_128_ecb();
    ENSURE(EVP_EncryptInit_ex(context_.get(), cipher, nullptr, nullptr, nullptr) == 1);
}

void AesBlocks::set_key(const uint8_t* key) {
    if (!context_) return instructions_.set_key(key, key_size_);
    ENSURE(EVP_EncryptInit_ex(context_.get(), nullptr, nullptr, key, nullptr) == 1);
}

Block AesBlocks::encrypt(const Block& plain) {
    if (!context_) return instructions_.encrypt(plain);
    Block block = plain;
    encrypt_in_place(context_.get(), block.data(), kBlock);
    return block;
}

Block AesBlocks::count_behind(const Block& counter, std::span<uint8_t> text) {
    Block lead;
    run(counter, &lead, text);
    return lead;
}

void AesBlocks::run(const Block& counter, Block* lead, std::span<uint8_t> text) {
    if (!context_) return instructions_.count(counter, lead, text);
    run_openssl(counter, lead, text);
}

void AesBlocks::run_openssl(const Block& counter, Block* lead, std::span<uint8_t> text) {
    alignas(kBlock) uint8_t stream[kChunkBlocks * kBlock];
    uint32_t number = load_be32(counter.data() + 12);
    size_t skip = lead != nullptr ? kBlock : 0;
    do {
        const size_t blocks = std::min(kChunkBlocks, (skip + text.size() + kBlock - 1) / kBlock);
        for (size_t i = 0; i < blocks; ++i) {
            std::memcpy(stream + i * kBlock, counter.data(), 12);
            store_be32(stream + i * kBlock + 12, number++);
        }
        if (blocks > 0) encrypt_in_place(context_.get(), stream, blocks * kBlock);
        if (skip > 0) std::memcpy(lead->data(), stream, kBlock);
        const size_t size = std::min(text.size(), blocks * kBlock - skip);
        for (size_t i = 0; i < size; ++i) text[i] ^= stream[skip + i];
        text = text.subspan(size);
        skip = 0;
    } while (!text.empty());
}

}  // namespace parley::srtp
