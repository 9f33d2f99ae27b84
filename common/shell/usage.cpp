#include "common/shell/usage.h"

#include <unistd.h>

#include <cstdio>
#include <ctime>

namespace parley::shell {

ProcessUsage process_usage() {
    ProcessUsage usage;
    timespec cpu{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    usage.cpu_ns = static_cast<uint64_t>(cpu.tv_sec) * 1'000'000'000u +
                   static_cast<uint64_t>(cpu.tv_nsec);
    if (std::FILE* statm = std::fopen("/proc/self/statm", "re")) {
        unsigned long size = 0, resident = 0;
        if (std::fscanf(statm, "%lu %lu", &size, &resident) == 2) {
            usage.resident_bytes = resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
        }
        std::fclose(statm);
    }
    return usage;
}

}  // namespace parley::shell
