#pragma once

#include <cstdint>
#include <string>

#include "common/base/time.h"

namespace parley::cluster {

// What whoever makes a room says about it. It goes wherever the room goes.
struct RoomOptions {
    uint32_t max_peers = 0;              // 0: no limit but the configuration's
    base::Duration empty_timeout = 60s;  // an empty room is closed after this; 0: never
    std::string metadata = "null";       // JSON, at most 4 KiB
    std::string region = {};             // where its home should be; "" anywhere
    std::string anti_affinity = {};      // rooms of one such name have different homes, if they can
    bool operator==(const RoomOptions&) const = default;
};

}  // namespace parley::cluster
