#pragma once

#include <vector>

#include "tests/bench/forward/forwarder.h"

namespace parley::bench {

enum class Pace : uint8_t { Saturation, Moderate };

// What one load cost one forwarder.
struct Run {
    double us_per_packet = 0;  // CPU time for each packet sent
    double packets_per_second = 0;  // sent
    double p99_us = 0;         // from the speaker's mouth to the listener's ear
    double allocations_per_packet = 0;
    double starved = 0;        // the worse of generator and forwarder: share of the time that it
                               // waited for its processor, or spoke late
};

struct Effort {
    uint64_t load_ns;
    uint64_t warm_up_ns;
    size_t runs;     // of each forwarder
    size_t repeats;  // of a run in which somebody was starved
};

// Takes turns between the two, so that whatever else the machine does meets both. Returns the runs
// of each, in which nobody was starved if that could be had.
struct Pair {
    std::vector<Run> worker, floor;
    size_t starved = 0;  // runs that had to be taken although somebody was
};
Pair measure(const Scene& scene, Pace pace, const Effort& effort, Forwarder& worker,
             Forwarder& floor);

// Of one figure over all runs. REQUIRES: at least one run.
double median(const std::vector<Run>& runs, double Run::*figure);

}  // namespace parley::bench
