#include "worker/srtp/ghash.h"

#include <algorithm>
#include <cstring>

#include "common/base/ensure.h"

#if defined(__x86_64__)

#include <immintrin.h>

// The bits of a GCM block are numbered from the other end, so a product of two of them comes out
// one bit too low. The key carries that bit beforehand: it is multiplied by x once, in set_key().
// Reduction folds the low half up twice, by the reflected polynomial. Both are as in Gueron and
// Kounavis, "Intel Carry-Less Multiplication Instruction and its Usage for Computing the GCM Mode".

namespace parley::srtp {

namespace {

#define PARLEY_CLMUL __attribute__((target("pclmul,ssse3")))

// A sum of products of 128 by 128 bits, not yet reduced.
struct Product {
    __m128i low, middle, high;
};

PARLEY_CLMUL inline __m128i reverse_bytes(__m128i block) {
    return _mm_shuffle_epi8(block,
                            _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

PARLEY_CLMUL inline __m128i load(const uint8_t* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

PARLEY_CLMUL inline void add_product(Product& sum, __m128i a, __m128i b) {
    sum.low = _mm_xor_si128(sum.low, _mm_clmulepi64_si128(a, b, 0x00));
    sum.high = _mm_xor_si128(sum.high, _mm_clmulepi64_si128(a, b, 0x11));
    sum.middle = _mm_xor_si128(sum.middle, _mm_clmulepi64_si128(a, b, 0x01));
    sum.middle = _mm_xor_si128(sum.middle, _mm_clmulepi64_si128(a, b, 0x10));
}

PARLEY_CLMUL inline __m128i reduce(const Product& sum) {
    const __m128i polynomial = _mm_set_epi64x(0, static_cast<int64_t>(0xc200000000000000));
    __m128i low = _mm_xor_si128(sum.low, _mm_slli_si128(sum.middle, 8));
    const __m128i high = _mm_xor_si128(sum.high, _mm_srli_si128(sum.middle, 8));
    for (int half = 0; half < 2; ++half) {
        const __m128i folded = _mm_clmulepi64_si128(low, polynomial, 0x00);
        low = _mm_xor_si128(_mm_shuffle_epi32(low, 0x4e), folded);
    }
    return _mm_xor_si128(high, low);
}

PARLEY_CLMUL inline __m128i multiply(__m128i a, __m128i b) {
    Product product{_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
    add_product(product, a, b);
    return reduce(product);
}

// Times x: one to the left, and the polynomial over what falls out at the top.
PARLEY_CLMUL inline __m128i times_x(__m128i h) {
    const __m128i carries = _mm_srli_epi64(h, 63);
    const __m128i shifted = _mm_or_si128(_mm_slli_epi64(h, 1), _mm_slli_si128(carries, 8));
    const __m128i top = _mm_srli_si128(carries, 8);  // 1 if a bit fell out
    const __m128i mask = _mm_sub_epi64(_mm_setzero_si128(), _mm_unpacklo_epi64(top, top));
    const __m128i polynomial = _mm_set_epi64x(static_cast<int64_t>(0xc200000000000000), 1);
    return _mm_xor_si128(shifted, _mm_and_si128(mask, polynomial));
}

// The last block of `bytes`, reversed, of which `size` bytes count and the others read as zeros.
// REQUIRES: 0 < size <= 16, size <= bytes.size().
PARLEY_CLMUL inline __m128i load_last(base::Bytes bytes, size_t size) {
    if (bytes.size() < 16) {
        Block block{};
        std::memcpy(block.data(), bytes.data() + bytes.size() - size, size);
        return reverse_bytes(load(block.data()));
    }
    // Byte i of the result is byte 31 - size - i of the load; where that is none, the top bit of
    // the selector is set, which selects zero.
    const __m128i reversed = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m128i offset = _mm_set1_epi8(static_cast<char>(0x80 - size));
    return _mm_shuffle_epi8(load(bytes.data() + bytes.size() - 16), _mm_add_epi8(reversed, offset));
}

// Takes the blocks one by one, and multiplies and adds up as many as there are powers before it
// reduces.
class Sum {
public:
    PARLEY_CLMUL Sum(const Block* powers, size_t max_group, size_t blocks)
        : powers_(powers), max_group_(max_group), blocks_(blocks), hash_(_mm_setzero_si128()) {}

    // The whole of one text, padded.
    PARLEY_CLMUL void add(base::Bytes text) {
        const size_t whole = text.size() / 16;
        for (size_t i = 0; i < whole; ++i) add(reverse_bytes(load(text.data() + 16 * i)));
        if (text.size() % 16 != 0) add(load_last(text, text.size() % 16));
    }

    PARLEY_CLMUL void add(__m128i block) {
        if (group_ == 0) {
            group_ = std::min(max_group_, blocks_);
            blocks_ -= group_;
            sum_ = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
            block = _mm_xor_si128(block, hash_);
        }
        add_product(sum_, block, load(powers_[--group_].data()));
        if (group_ == 0) hash_ = reduce(sum_);
    }

    PARLEY_CLMUL __m128i hash() const { return hash_; }

private:
    const Block* powers_;
    size_t max_group_;
    size_t blocks_;     // that are still to come, behind this group
    size_t group_ = 0;  // that are still to come of this group
    __m128i hash_;
    Product sum_{};
};

}  // namespace

bool Ghash::supported() {
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("ssse3");
}

PARLEY_CLMUL void Ghash::set_key(const Block& h) {
    const __m128i key = times_x(reverse_bytes(load(h.data())));
    __m128i power = key;
    for (Block& kept : powers_) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(kept.data()), power);
        power = multiply(power, key);
    }
}

PARLEY_CLMUL Block Ghash::digest(base::Bytes aad, base::Bytes text) const {
    const size_t blocks = (aad.size() + 15) / 16 + (text.size() + 15) / 16 + 1;
    Sum sum(powers_.data(), kPowers, blocks);
    sum.add(aad);
    sum.add(text);
    sum.add(_mm_set_epi64x(static_cast<int64_t>(8 * aad.size()),
                           static_cast<int64_t>(8 * text.size())));
    Block out;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out.data()), reverse_bytes(sum.hash()));
    return out;
}

}  // namespace parley::srtp

#else

namespace parley::srtp {

bool Ghash::supported() {
    return false;
}

void Ghash::set_key(const Block&) {
    ENSURE(supported());
}

Block Ghash::digest(base::Bytes, base::Bytes) const {
    ENSURE(supported());
    return {};
}

}  // namespace parley::srtp

#endif
