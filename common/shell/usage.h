#pragma once

#include <cstdint>

namespace parley::shell {

// What this process has used so far.
struct ProcessUsage {
    uint64_t cpu_ns = 0;          // user and system, of all threads
    uint64_t resident_bytes = 0;  // now
};

ProcessUsage process_usage();

}  // namespace parley::shell
