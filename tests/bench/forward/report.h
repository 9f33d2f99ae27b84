#pragma once

#include <string>
#include <vector>

#include "tests/bench/forward/measure.h"

namespace parley::bench {

// One line of what is reported: medians over all runs.
struct Line {
    std::string scene;
    Pace pace;
    double us_per_packet;
    double floor_us_per_packet;
    double ratio;
    double packets_per_second;
    double p99_us;
    double allocations_per_packet;
    double kib_per_listener;
};

Line line_of(const Scene& scene, Pace pace, const Pair& pair, double kib_per_listener);

std::string json_of(const Line& line);
std::string table_head();
std::string table_row(const Line& line);

// What is promised, and whether it is kept.
struct Bar {
    std::string promise;
    std::string measured;
    bool kept;
};
std::vector<Bar> bars_of(const std::vector<Line>& lines);

}  // namespace parley::bench
