#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/bytes.h"
#include "worker/srtp/aes_blocks.h"

namespace parley::srtp {

// The universal hash of GCM (SP 800-38D §6.4), on processors that multiply without carry. One
// packet of voice is one polynomial with one reduction: the powers of the key are kept. Takes the
// same time whatever the bytes are.
class Ghash {
public:
    // Whether this processor has what the other members need.
    static bool supported();

    // `h` is the block of zeros, encrypted. REQUIRES: supported().
    void set_key(const Block& h);

    // Over both texts, each padded with zeros to whole blocks, and a block with their lengths.
    // REQUIRES: set_key() was called.
    Block digest(base::Bytes aad, base::Bytes text) const;

private:
    static constexpr size_t kPowers = 12;  // blocks between reductions: 140 bytes of voice

    // powers_[i] is the key to the power i + 1, in the shape that the multiplication wants.
    alignas(16) std::array<Block, kPowers> powers_;
};

}  // namespace parley::srtp
