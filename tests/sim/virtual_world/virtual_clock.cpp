#include "tests/sim/virtual_world/virtual_clock.h"

#include <sys/time.h>

#include <ctime>

#include "common/base/ensure.h"

namespace parley::sim {

namespace {

// Never: there is no virtual clock, and time is the machine's.
base::Instant virtual_now = base::Instant::never();

constexpr int64_t kMicrosPerSecond = 1'000'000;

int64_t now_micros() {
    if (!virtual_now.is_never()) return virtual_now.micros();
    timespec real{};
    clock_gettime(CLOCK_REALTIME, &real);
    return real.tv_sec * kMicrosPerSecond + real.tv_nsec / 1'000;
}

}  // namespace

VirtualClock::VirtualClock(base::Instant now) {
    ENSURE(virtual_now.is_never());
    set(now);
}

VirtualClock::~VirtualClock() {
    virtual_now = base::Instant::never();
}

void VirtualClock::set(base::Instant now) {
    ENSURE(!now.is_never());
    virtual_now = now;
}

}  // namespace parley::sim

// These stand before the C library's: what the executable defines is what its libraries call.
extern "C" {

int gettimeofday(timeval* now, void*) noexcept {
    const int64_t micros = parley::sim::now_micros();
    now->tv_sec = micros / parley::sim::kMicrosPerSecond;
    now->tv_usec = micros % parley::sim::kMicrosPerSecond;
    return 0;
}

time_t time(time_t* now) noexcept {
    const time_t seconds = parley::sim::now_micros() / parley::sim::kMicrosPerSecond;
    if (now != nullptr) *now = seconds;
    return seconds;
}

}  // extern "C"
