#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley::srtp {

using Block = std::array<uint8_t, 16>;

// AES on processors with instructions for it. The round keys lie here, beside the rest of a
// listener's state, where a library would keep them behind two pointers and half a kilobyte of its
// own. Takes the same time whatever key and text are.
class AesInstructions {
public:
    // Whether this processor has what the other members need.
    static bool supported();

    AesInstructions() = default;
    AesInstructions(const AesInstructions&) = default;
    AesInstructions& operator=(const AesInstructions&) = default;
    ~AesInstructions();  // wipes the keys

    // `key_size` is 16 or 32. REQUIRES: supported().
    void set_key(const uint8_t* key, size_t key_size);

    // REQUIRES: set_key() was called, here and below.
    Block encrypt(const Block& plain) const;

    // XORs `text` with the key stream that begins at `counter`, whose last 32 bits count up and
    // wrap by themselves. With a `lead`, the first block of the stream goes there instead.
    void count(const Block& counter, Block* lead, std::span<uint8_t> text) const;

private:
    static constexpr size_t kRoundKeysMax = 15;  // of AES-256

    alignas(16) std::array<Block, kRoundKeysMax> round_keys_;
    size_t rounds_ = 0;  // 10 or 14
};

}  // namespace parley::srtp
