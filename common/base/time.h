#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace parley {

using namespace std::chrono_literals;

namespace base {

using Duration = std::chrono::microseconds;

// A point in time, in microseconds since the Unix epoch. It only grows: the shell reads the wall
// clock once, at start, and adds monotonic time to it, so that the NTP times of RTCP can be
// derived from it and no clock step is ever seen by a core.
class Instant {
public:
    constexpr Instant() = default;

    static constexpr Instant from_micros(int64_t micros) { return Instant(micros); }

    // Later than everything; what next_deadline() says when there is nothing to wait for.
    static constexpr Instant never() { return Instant(std::numeric_limits<int64_t>::max()); }

    constexpr int64_t micros() const { return micros_; }
    constexpr bool is_never() const { return *this == never(); }

    constexpr auto operator<=>(const Instant&) const = default;

    // Never stays never, whatever is added to it.
    friend constexpr Instant operator+(Instant at, Duration by) {
        return at.is_never() ? at : Instant(at.micros_ + by.count());
    }
    friend constexpr Instant operator-(Instant at, Duration by) { return at + -by; }
    friend constexpr Duration operator-(Instant a, Instant b) {
        return Duration(a.micros_ - b.micros_);
    }
    constexpr Instant& operator+=(Duration by) { return *this = *this + by; }

private:
    explicit constexpr Instant(int64_t micros) : micros_(micros) {}

    int64_t micros_ = 0;
};

}  // namespace base
}  // namespace parley
