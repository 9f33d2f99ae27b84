#include "worker/srtp/aes_instructions.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>

#include "common/base/ensure.h"

namespace parley::srtp {

AesInstructions::~AesInstructions() {
    OPENSSL_cleanse(round_keys_.data(), sizeof round_keys_);
}

}  // namespace parley::srtp

#if defined(__x86_64__)

#include <immintrin.h>

namespace parley::srtp {

namespace {

#define PARLEY_AES __attribute__((target("aes,ssse3")))

constexpr size_t kBlock = 16;

// Blocks that are encrypted side by side, so that no instruction waits for the one before: 100
// bytes of voice and the mask of their tag.
constexpr size_t kLanes = 8;

PARLEY_AES inline __m128i load(const uint8_t* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

PARLEY_AES inline void store(uint8_t* at, __m128i block) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), block);
}

PARLEY_AES inline __m128i reverse_bytes(__m128i block) {
    return _mm_shuffle_epi8(block,
                            _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

// The next round key: every word is XORed with all words before it, and with `word`, which is what
// AESKEYGENASSIST made of the last word of the key before, in all four places. FIPS 197 §5.2.
PARLEY_AES inline __m128i mix_key(__m128i key, __m128i word) {
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 8));
    return _mm_xor_si128(key, word);
}

template <int kRoundConstant>
PARLEY_AES inline __m128i rotated(__m128i key) {
    return _mm_shuffle_epi32(_mm_aeskeygenassist_si128(key, kRoundConstant), 0xff);
}

PARLEY_AES inline __m128i not_rotated(__m128i key) {
    return _mm_shuffle_epi32(_mm_aeskeygenassist_si128(key, 0), 0xaa);
}

// AES-128: each round key from the one before.
template <int kRoundConstant>
PARLEY_AES inline void expand_128(Block* keys) {
    const __m128i before = load(keys[0].data());
    store(keys[1].data(), mix_key(before, rotated<kRoundConstant>(before)));
}

// AES-256: two round keys from the two before.
template <int kRoundConstant>
PARLEY_AES inline void expand_256(Block* keys) {
    const __m128i even = mix_key(load(keys[0].data()), rotated<kRoundConstant>(
                                                           load(keys[1].data())));
    store(keys[2].data(), even);
    store(keys[3].data(), mix_key(load(keys[1].data()), not_rotated(even)));
}

PARLEY_AES inline void encrypt_lanes(__m128i (&lanes)[kLanes], const Block* keys, size_t rounds) {
    for (__m128i& lane : lanes) lane = _mm_xor_si128(lane, load(keys[0].data()));
    for (size_t round = 1; round < rounds; ++round) {
        const __m128i key = load(keys[round].data());
        for (__m128i& lane : lanes) lane = _mm_aesenc_si128(lane, key);
    }
    for (__m128i& lane : lanes) lane = _mm_aesenclast_si128(lane, load(keys[rounds].data()));
}

// XORs up to one block of `text`, and returns what is behind it.
PARLEY_AES inline std::span<uint8_t> cover(std::span<uint8_t> text, __m128i stream) {
    if (text.size() >= kBlock) {
        store(text.data(), _mm_xor_si128(load(text.data()), stream));
        return text.subspan(kBlock);
    }
    Block last{};
    std::memcpy(last.data(), text.data(), text.size());
    store(last.data(), _mm_xor_si128(load(last.data()), stream));
    std::memcpy(text.data(), last.data(), text.size());
    return {};
}

}  // namespace

bool AesInstructions::supported() {
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("ssse3");
}

PARLEY_AES void AesInstructions::set_key(const uint8_t* key, size_t key_size) {
    Block* const keys = round_keys_.data();
    std::memcpy(keys, key, key_size);
    if (key_size == 32) {
        rounds_ = 14;
        expand_256<0x01>(keys);
        expand_256<0x02>(keys + 2);
        expand_256<0x04>(keys + 4);
        expand_256<0x08>(keys + 6);
        expand_256<0x10>(keys + 8);
        expand_256<0x20>(keys + 10);
        const __m128i last = load(keys[13].data());
        store(keys[14].data(), mix_key(load(keys[12].data()), rotated<0x40>(last)));
        return;
    }
    ENSURE(key_size == 16);
    rounds_ = 10;
    expand_128<0x01>(keys);
    expand_128<0x02>(keys + 1);
    expand_128<0x04>(keys + 2);
    expand_128<0x08>(keys + 3);
    expand_128<0x10>(keys + 4);
    expand_128<0x20>(keys + 5);
    expand_128<0x40>(keys + 6);
    expand_128<0x80>(keys + 7);
    expand_128<0x1b>(keys + 8);
    expand_128<0x36>(keys + 9);
}

PARLEY_AES Block AesInstructions::encrypt(const Block& plain) const {
    __m128i block = _mm_xor_si128(load(plain.data()), load(round_keys_[0].data()));
    for (size_t round = 1; round < rounds_; ++round) {
        block = _mm_aesenc_si128(block, load(round_keys_[round].data()));
    }
    Block encrypted;
    store(encrypted.data(), _mm_aesenclast_si128(block, load(round_keys_[rounds_].data())));
    return encrypted;
}

PARLEY_AES void AesInstructions::count(const Block& counter, Block* lead,
                                       std::span<uint8_t> text) const {
    __m128i next = reverse_bytes(load(counter.data()));  // the number is the lowest 32 bits
    const __m128i one = _mm_set_epi32(0, 0, 0, 1);
    while (lead != nullptr || !text.empty()) {
        __m128i lanes[kLanes];
        for (__m128i& lane : lanes) {
            lane = reverse_bytes(next);
            next = _mm_add_epi32(next, one);
        }
        encrypt_lanes(lanes, round_keys_.data(), rounds_);
        for (const __m128i lane : lanes) {
            if (lead != nullptr) {
                store(lead->data(), lane);
                lead = nullptr;
            } else if (!text.empty()) {
                text = cover(text, lane);
            }
        }
    }
}

}  // namespace parley::srtp

#else

namespace parley::srtp {

bool AesInstructions::supported() {
    return false;
}

void AesInstructions::set_key(const uint8_t*, size_t) {
    ENSURE(supported());
}

Block AesInstructions::encrypt(const Block&) const {
    ENSURE(supported());
    return {};
}

void AesInstructions::count(const Block&, Block*, std::span<uint8_t>) const {
    ENSURE(supported());
}

}  // namespace parley::srtp

#endif
