#pragma once

#include "common/base/time.h"

namespace parley::shell {

// The one place where time comes from: the wall clock read once, at construction, and
// CLOCK_MONOTONIC added to it since, so that no clock step is ever seen.
class Clock {
public:
    Clock();

    base::Instant now() const;

private:
    base::Duration wall_minus_monotonic_;
};

}  // namespace parley::shell
