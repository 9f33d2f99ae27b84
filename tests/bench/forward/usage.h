#pragma once

#include <sys/types.h>

#include <cstdint>

namespace parley::bench {

// What the scheduler says of a process, all its threads together, in nanoseconds.
struct CpuTime {
    uint64_t ran_ns = 0;
    uint64_t waited_ns = 0;  // runnable, while its processor ran something else

    CpuTime operator-(const CpuTime& before) const {
        return {ran_ns - before.ran_ns, waited_ns - before.waited_ns};
    }
};

CpuTime cpu_time_of(pid_t process);

uint64_t resident_bytes_of(pid_t process);

}  // namespace parley::bench
