#pragma once

#include <time.h>

#include <cstdint>

#include "common/base/time.h"

namespace parley::bench {

// Monotonic time in nanoseconds: what generator, sink and payloads agree on.
inline uint64_t now_ns() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// The same instant as cores count it.
inline base::Instant now_instant() {
    return base::Instant::from_micros(static_cast<int64_t>(now_ns() / 1'000));
}

}  // namespace parley::bench
