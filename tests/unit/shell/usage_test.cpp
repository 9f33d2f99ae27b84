#include "common/shell/usage.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

namespace parley::shell {

TEST_CASE("a process knows what memory it has touched") {
    constexpr size_t kBytes = 32 * 1024 * 1024;
    const uint64_t before = process_usage().resident_bytes;
    CHECK(before > 0);
    const std::vector<uint8_t> touched(kBytes, 1);
    CHECK(process_usage().resident_bytes >= before + kBytes * 9 / 10);
    CHECK(touched.back() == 1);
}

TEST_CASE("a process knows what time it has spent, which only grows") {
    const uint64_t before = process_usage().cpu_ns;
    uint64_t after = before;
    while (after == before) after = process_usage().cpu_ns;  // spends it
    CHECK(after > before);
}

}  // namespace parley::shell
