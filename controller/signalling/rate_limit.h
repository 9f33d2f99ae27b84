#pragma once

#include <algorithm>

#include "common/base/time.h"

namespace parley::controller::signalling {

// A bucket of messages that fills at an even rate.
class RateLimit {
public:
    RateLimit(double burst, double per_second)
        : burst_(burst), per_second_(per_second), left_(burst) {}

    // False when the bucket is empty: this message is one too many.
    bool take(base::Instant now) {
        const std::chrono::duration<double> passed = now - filled_;
        left_ = std::min(burst_, left_ + std::max(passed.count(), 0.0) * per_second_);
        filled_ = now;
        if (left_ < 1) return false;
        left_ -= 1;
        return true;
    }

private:
    double burst_;
    double per_second_;
    double left_;
    base::Instant filled_;
};

}  // namespace parley::controller::signalling
