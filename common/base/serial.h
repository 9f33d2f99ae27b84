#pragma once

#include <cstdint>
#include <type_traits>

namespace parley::base {

// How far `to` lies ahead of `from` on the circle, negative when behind. Works for RTP sequence
// numbers (16 bits) and timestamps (32 bits). RFC 1982 §3.2.
template <typename T>
constexpr std::make_signed_t<T> serial_distance(T from, T to) {
    static_assert(std::is_unsigned_v<T>);
    return static_cast<std::make_signed_t<T>>(static_cast<T>(to - from));
}

template <typename T>
constexpr bool serial_less(T a, T b) {
    return serial_distance(a, b) > 0;
}

// Continues a counter that wraps, as the extended sequence number does. RFC 3550 A.1.
template <typename T>
class Unwrapper {
public:
    // The unwrapped value nearest to the last one that was given to advance().
    int64_t peek(T value) const {
        return last_ + serial_distance(static_cast<T>(last_), value);
    }

    int64_t advance(T value) {
        last_ = started_ ? peek(value) : static_cast<int64_t>(value);
        started_ = true;
        return last_;
    }

    bool started() const { return started_; }

private:
    int64_t last_ = 0;
    bool started_ = false;
};

}  // namespace parley::base
