#include "common/shell/clock.h"

#include <ctime>

#include "common/base/ensure.h"

namespace parley::shell {

namespace {

base::Duration read(clockid_t clock) {
    timespec time;
    ENSURE(clock_gettime(clock, &time) == 0);
    return base::Duration(int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000);
}

}  // namespace

Clock::Clock() : wall_minus_monotonic_(read(CLOCK_REALTIME) - read(CLOCK_MONOTONIC)) {}

base::Instant Clock::now() const {
    return base::Instant() + wall_minus_monotonic_ + read(CLOCK_MONOTONIC);
}

}  // namespace parley::shell
