#pragma once

#include <array>
#include <cstdint>

namespace parley::base {

// Which of the newest 128 indexes were heard, so that none is taken twice. SRTP and DTLS keep one
// for each of their counters. RFC 3711 §3.3.2, RFC 6347 §4.1.2.6.
class ReplayWindow {
public:
    static constexpr uint64_t kSize = 128;

    uint64_t highest() const { return highest_; }  // 0 before the first

    // Whether this index was heard before, or is too old to tell.
    bool heard(uint64_t index) const {
        if (index > highest_) return false;
        const uint64_t age = highest_ - index;
        return age >= kSize || (bits_[age / 64] >> age % 64 & 1) != 0;
    }

    // Only for an index that has been authenticated and was not heard.
    void add(uint64_t index) {
        if (index > highest_) {
            shift(index - highest_);
            highest_ = index;
        }
        const uint64_t age = highest_ - index;
        bits_[age / 64] |= uint64_t{1} << age % 64;
    }

private:
    void shift(uint64_t by) {
        if (by >= 64) {
            bits_[1] = by >= kSize ? 0 : bits_[0] << (by - 64);
            bits_[0] = 0;
        } else {
            bits_[1] = bits_[1] << by | bits_[0] >> (64 - by);  // by is at least 1
            bits_[0] <<= by;
        }
    }

    uint64_t highest_ = 0;
    std::array<uint64_t, 2> bits_{};  // by age: the bit of highest_ is the lowest of the first
};

}  // namespace parley::base
