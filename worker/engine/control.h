#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "worker/engine/media.h"
#include "worker/engine/owners.h"

namespace parley::engine {

// What only the shell knows of the process, for the statistics.
struct Usage {
    uint64_t cpu_ns = 0;
    uint64_t resident_bytes = 0;
    // How late the loop got to what was due, in the last second.
    base::Duration loop_delay_most{}, loop_delay_mean{};
    net::Drops drops;  // of datagrams that the sockets did not take or give
    uint32_t tcp_connections = 0;
};

// What control speaks about.
struct Worker {
    const std::string& id;
    uint32_t pid;
    Media& media;
    const Usage& usage;
    Owners& owners;
    std::string& owner;  // the controller that speaks; its Hello says who
};

enum class Heard : uint8_t {
    Answered,
    Greeted,     // the version handshake was done by this frame
    Shutdown,    // asked to end
    Unreadable,  // not a frame, or out of turn: the connection must be closed
};

// Verifies one frame of a controller, carries out its requests in their order and answers them in
// `reply`, a frame without its size prefix; empty when there is nothing to answer. Until the
// handshake is done (`greeted`) only Hello is heard. flatbuffers/pipe.fbs. `frame` must be aligned
// to 8 bytes; it is borrowed.
Heard hear_frame(base::Instant now, base::Bytes frame, bool greeted, const Worker& worker,
                 router::Turn& turn, std::vector<uint8_t>& reply);

// The frame that tells controllers what happened.
std::vector<uint8_t> write_notices(const std::vector<router::Notice>& notices);

}  // namespace parley::engine
