#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace parley::base {

// Where every random bit of a core comes from. The shell gives the cryptographic one
// (common/shell/random.h); a simulation gives a seeded one.
class Random {
public:
    virtual ~Random() = default;

    virtual void fill(std::span<uint8_t> room) = 0;

    uint32_t u32();
    uint64_t u64();

    // Uniform in [0, bound). REQUIRES: bound > 0.
    uint64_t below(uint64_t bound);

    // Uniform in [0, 1).
    double unit();

    // Text of `size` characters from [0-9A-Za-z+/]: 6 bits each. This is the ice-char alphabet of
    // RFC 8839 §5.4.
    std::string text(size_t size);
};

// The same bits for the same seed: xoshiro256**. For simulations and tests, never for keys.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(uint64_t seed);

    void fill(std::span<uint8_t> room) override;

private:
    uint64_t step();

    std::array<uint64_t, 4> state_;
};

}  // namespace parley::base
