#pragma once

#include <cstdint>

namespace parley::test {

// The next controller's codec asks each worker one thing more with every question for statistics,
// and takes the answer out before anybody else sees it. No link's own ids come that far.
constexpr uint32_t kRemarkId = 0xffff'ffff;

}  // namespace parley::test
