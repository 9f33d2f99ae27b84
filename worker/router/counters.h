#pragma once

#include <cstdint>

#include "worker/net/drop.h"
#include "worker/router/quality.h"

namespace parley::router {

// What a worker counts. Three sums hold after every turn:
//   packets_received = stun + dtls + rtcp + rtp + drops on the way in
//   copies_due       = copies_sent + drops named Consumer*
//   retransmissions_due = retransmissions_sent + drops named Retransmission*
struct Counters {
    uint64_t packets_received = 0;  // every datagram
    uint64_t bytes_received = 0;
    uint64_t stun_received = 0;  // answered checks
    uint64_t dtls_received = 0;
    uint64_t rtcp_received = 0;  // authenticated and well-formed
    uint64_t rtp_received = 0;   // accepted from a producer that is not paused
    uint64_t copies_due = 0;     // one for each consumer of each accepted packet
    uint64_t copies_sent = 0;
    uint64_t retransmissions_due = 0;  // packets that pipes were asked for
    uint64_t retransmissions_sent = 0;
    uint64_t handshakes_completed = 0;
    uint64_t handshakes_failed = 0;
    net::Drops drops;
    Quality quality;
};

}  // namespace parley::router
