#pragma once

#include <cstdint>
#include <vector>

#include "common/base/histogram.h"

// How voices fare in a worker, as it says once a second.
namespace parley::controller {

// A worker's histogram, which brings its bounds along: those of another version may be others.
struct Distribution {
    std::vector<double> bounds = {};
    std::vector<uint64_t> counts = {};  // one more than bounds; none: not said
    double sum = 0;

    base::HistogramView view() const { return {bounds, counts, sum}; }
};

struct StreamQuality {
    uint64_t packets_expected = 0, packets_lost = 0;
    Distribution loss_ratio = {}, jitter_seconds = {}, first_packet_seconds = {};
};

struct WorkerQuality {
    StreamQuality received = {};  // from peers
    StreamQuality sent = {};      // to peers, as they report
    Distribution round_trip_seconds = {};
};

// Of the pipes that end in a worker.
struct WorkerPipes {
    uint32_t pipes = 0, connected = 0, streams_received = 0, streams_sent = 0;
    uint64_t retransmissions_sent = 0, missing = 0, repaired = 0;
    Distribution round_trip_seconds = {};
};

}  // namespace parley::controller
