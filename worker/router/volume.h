#pragma once

#include <cstdint>

namespace parley::router {

// How loud a producer was in an interval: the mean of its levels, -127 (silence) to 0.
struct Volume {
    uint64_t producer;
    int8_t dbov;

    bool operator==(const Volume&) const = default;
};

}  // namespace parley::router
