#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "controller/core.h"

namespace parley::controller::api {

// What the edges count for themselves; the rest is asked of the controller.
struct EdgeCounts {
    std::map<uint16_t, uint64_t> responses;  // by status: those that the Api gives, so bounded
    uint64_t signalling_connections = 0;     // now
    uint64_t event_listeners = 0;            // now
    uint64_t events = 0;
    uint64_t webhooks_delivered = 0;
    uint64_t webhooks_failed = 0;   // tries
    uint64_t webhooks_dropped = 0;  // events given up
    uint64_t webhooks_waiting = 0;  // now

    bool has_broker = false, broker_up = false;
    uint64_t broker_waiting = 0;  // messages that the broker has not confirmed, now
    uint64_t broker_dropped_full = 0, broker_dropped_expired = 0;

    // Links to other servers: begun here and there, and the clients on them, now.
    uint64_t links_out = 0, links_in = 0, forwarded_out = 0, forwarded_in = 0;
    uint64_t links_lost = 0, links_refused = 0;

    void count_response(uint16_t status) { ++responses[status]; }
};

// The Prometheus text format 0.0.4. Labels are bounded: a worker's index, a drop's name, a status.
std::string metrics_text(Instant now, const Controller& controller, const EdgeCounts& counts);

}  // namespace parley::controller::api
