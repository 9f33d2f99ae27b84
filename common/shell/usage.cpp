#include "common/shell/usage.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <string_view>

#include "common/shell/fd.h"

namespace parley::shell {

namespace {

// The second number of /proc/self/statm, by a read without stdio: this is asked for between
// packets, and must not allocate.
uint64_t resident_pages() {
    const Fd file(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
    char room[128];
    const ssize_t size = file ? read(file.get(), room, sizeof room) : 0;
    const std::string_view text(room, size > 0 ? static_cast<size_t>(size) : 0);
    const size_t gap = text.find(' ');
    uint64_t pages = 0;
    if (gap != std::string_view::npos) {
        std::from_chars(text.data() + gap + 1, text.data() + text.size(), pages);
    }
    return pages;
}

}  // namespace

ProcessUsage process_usage() {
    timespec cpu{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return {static_cast<uint64_t>(cpu.tv_sec) * 1'000'000'000u +
                static_cast<uint64_t>(cpu.tv_nsec),
            resident_pages() * static_cast<uint64_t>(sysconf(_SC_PAGESIZE))};
}

}  // namespace parley::shell
