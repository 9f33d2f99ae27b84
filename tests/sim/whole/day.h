#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/whole/town.h"
#include "tests/sim/whole/weather.h"

namespace parley::sim {

struct DayPlan {
    uint64_t seed = 1;
    uint32_t servers = 200;
    uint32_t rooms = 20'000;  // open at the busiest hour
    base::Duration length = 24h;
    double troubles_per_hour = 240;
    router_service::Options service = {};
    std::string watch = {};  // a room of which everything is printed
};

// What came of it. Loads are shares of a server's capacity.
struct DayReport {
    std::string broken = {};  // "" or the law that did not hold
    RoomBook::Figures rooms = {};
    VoiceApp::Figures app = {};
    Town::Figures town = {};
    std::map<std::string, uint64_t> troubles = {};
    router_service::Counts services = {};  // of both
    uint64_t letters = 0, events = 0;
    double mean_load = 0, most_load = 0;
    // Of the fullest server to the mean of those that take rooms, over the samples of a minute.
    double max_over_mean = 0, worst_max_over_mean = 0;
    uint64_t hash = 0;
};

// A whole cluster for a day of virtual time: two router-services, servers with real controllers,
// the broker between them, an app and its people, and all that goes wrong. Then everything is
// mended, and in two quiet minutes the cluster has to have come to order.
DayReport live_a_day(const DayPlan& plan);

}  // namespace parley::sim
