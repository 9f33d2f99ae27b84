#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/web/program_numbers.h"
#include "controller/core.h"

namespace parley::controller::api {

// What there is only among other servers.
struct ClusterCounts {
    std::string server = {}, region = {};
    std::string state = {};  // "up", "draining", "drained"
    bool has_rival = false;
    web::BrokerNumbers broker = {};

    uint64_t servers_known = 0, rooms_elsewhere = 0;
    uint64_t commands = 0, commands_passed_on = 0, commands_refused = 0, unreadable = 0, beats = 0;

    // Links to other servers: begun here and there, and the clients on them, now.
    uint64_t links_out = 0, links_in = 0, forwarded_out = 0, forwarded_in = 0;
    uint64_t links_opened_out = 0, links_opened_in = 0, opened_out = 0, opened_in = 0;
    uint64_t links_lost = 0, links_refused = 0;
    uint64_t guests = 0;  // clients for whose room the cluster is asked, now
    uint64_t loans_borrowed = 0, loans_lent = 0;
};

// What the edges count for themselves; the rest is asked of the controller.
struct EdgeCounts {
    std::map<uint16_t, uint64_t> responses;  // by status: those that the Api gives, so bounded
    uint64_t signalling_connections = 0;     // now
    uint64_t event_listeners = 0;            // now
    std::map<std::string, uint64_t, std::less<>> events;  // by type
    std::map<uint16_t, uint64_t> closings;  // of signalling connections by us, by close code
    uint64_t webhooks_delivered = 0;
    uint64_t webhooks_failed = 0;   // tries
    uint64_t webhooks_dropped = 0;  // events given up
    uint64_t webhooks_waiting = 0;  // now

    std::string version;
    web::ProcessNumbers process;
    std::optional<ClusterCounts> cluster;  // of a server that is one of many

    void count_response(uint16_t status) { ++responses[status]; }
};

// The Prometheus text format 0.0.4. Labels are bounded: a worker's index, a drop's name, a status.
std::string metrics_text(Instant now, const Controller& controller, const EdgeCounts& counts);

}  // namespace parley::controller::api
