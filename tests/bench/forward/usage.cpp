#include "tests/bench/forward/usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/bench/forward/failure.h"

namespace parley::bench {

CpuTime cpu_time_of(pid_t process) {
    CpuTime all;
    const std::string tasks = "/proc/" + std::to_string(process) + "/task";
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
        std::ifstream file(task.path() / "schedstat");
        uint64_t ran = 0, waited = 0;
        file >> ran >> waited;
        require(!file.fail(), "this kernel has no /proc/PID/task/*/schedstat");
        all.ran_ns += ran;
        all.waited_ns += waited;
    }
    return all;
}

uint64_t resident_bytes_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/statm");
    uint64_t size = 0, resident = 0;
    file >> size >> resident;
    return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace parley::bench
