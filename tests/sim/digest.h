#pragma once

#include <cstdint>
#include <cstring>

#include "common/base/bytes.h"
#include "common/base/flat_map.h"

namespace parley::sim {

// A number for what bytes say: equal for equal bytes on every run and machine of one byte order.
// Quick, and not safe against somebody who looks for two texts with one digest.
inline uint64_t digest_of(base::Bytes bytes, uint64_t seed = 0) {
    uint64_t digest = base::mix(seed ^ bytes.size() * 0x9e3779b97f4a7c15);
    size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, 8);
        digest = base::mix(digest ^ word) + 0x9e3779b97f4a7c15;
    }
    uint64_t rest = 0;
    if (at < bytes.size()) std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
    return base::mix(digest ^ rest);
}

}  // namespace parley::sim
