#pragma once

#include <cstdint>

#include "common/base/time.h"

// What every program tells of itself.
namespace parley::web {

struct ProcessNumbers {
    base::Instant started;
    uint64_t cpu_ns = 0;
    uint64_t resident_bytes = 0;
};

// The program's own connection to RabbitMQ, and what it keeps for it.
struct BrokerNumbers {
    bool up = false;
    uint64_t waiting = 0;  // published and not confirmed
    uint64_t waiting_bytes = 0;
    uint64_t unsettled = 0;  // delivered, and not acknowledged yet
    uint64_t published = 0, confirmed = 0, delivered = 0, connections = 0;
    uint64_t dropped_full = 0, dropped_expired = 0;
};

}  // namespace parley::web
