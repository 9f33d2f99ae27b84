#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/base/time.h"

namespace parley::base {

// How often values fell between bounds. Borrowed from whoever counts.
struct HistogramView {
    std::span<const double> bounds;    // each the greatest value that falls under it, growing
    std::span<const uint64_t> counts;  // one more than bounds: what is above all of them, last
    double sum = 0;                    // of all values
};

// Counts values between bounds that are fixed when it is written. Allocates nothing.
template <const auto& kBounds>
class Histogram {
public:
    void observe(double value) {
        size_t at = 0;
        while (at < kBounds.size() && value > kBounds[at]) ++at;
        ++counts_[at];
        sum_ += value;
    }
    void observe(Duration value) { observe(std::chrono::duration<double>(value).count()); }

    HistogramView view() const { return {kBounds, counts_, sum_}; }

    uint64_t count() const {
        uint64_t all = 0;
        for (const uint64_t count : counts_) all += count;
        return all;
    }

private:
    std::array<uint64_t, kBounds.size() + 1> counts_{};
    double sum_ = 0;
};

}  // namespace parley::base
