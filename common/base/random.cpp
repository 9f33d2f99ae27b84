#include "common/base/random.h"

#include <bit>
#include <cstring>

#include "common/base/ensure.h"
#include "common/base/flat_map.h"

namespace parley::base {

uint32_t Random::u32() {
    return static_cast<uint32_t>(u64());
}

uint64_t Random::u64() {
    std::array<uint8_t, 8> bytes;
    fill(bytes);
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
}

uint64_t Random::below(uint64_t bound) {
    ENSURE(bound > 0);
    const uint64_t unfair = (0 - bound) % bound;  // 2^64 mod bound: the short last round
    uint64_t drawn = u64();
    while (drawn < unfair) drawn = u64();
    return drawn % bound;
}

double Random::unit() {
    return static_cast<double>(u64() >> 11) * 0x1p-53;
}

std::string Random::text(size_t size) {
    constexpr char kAlphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";
    std::string drawn(size, '\0');
    fill({reinterpret_cast<uint8_t*>(drawn.data()), drawn.size()});
    for (char& c : drawn) c = kAlphabet[static_cast<uint8_t>(c) & 63];
    return drawn;
}

SeededRandom::SeededRandom(uint64_t seed) {
    for (uint64_t& word : state_) word = mix(seed += 0x9e3779b97f4a7c15);
}

void SeededRandom::fill(std::span<uint8_t> room) {
    while (!room.empty()) {
        const uint64_t word = step();
        const size_t size = room.size() < 8 ? room.size() : 8;
        std::memcpy(room.data(), &word, size);
        room = room.subspan(size);
    }
}

uint64_t SeededRandom::step() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

}  // namespace parley::base
