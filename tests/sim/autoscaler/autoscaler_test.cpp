// A day of a fleet that grows and shrinks by itself.
#include <doctest/doctest.h>

#include <cstdio>

#include "tests/sim/autoscaler/fleet.h"

using namespace parley;
using namespace parley::sim;

namespace {

// A machine, its pod's start, the autoscaler's poll, and what it takes to see a load.
constexpr base::Duration kWarmUp = 100s + 8s + 15s + 10s;

void print(const FleetPlan& plan, const FleetReport& day) {
    std::printf(
        "seed %llu: %llu calls, %llu turned away at first, %llu cut by a region, %llu moved "
        "and %llu cut by scaling; at most %u servers, %u turns, %llu drains, %llu undone; "
        "longest shortage %.0f s; %.0f server-hours, ideal %.0f\n",
        static_cast<unsigned long long>(plan.seed), static_cast<unsigned long long>(day.calls),
        static_cast<unsigned long long>(day.turned_away),
        static_cast<unsigned long long>(day.cut_by_region),
        static_cast<unsigned long long>(day.moved_by_scaling),
        static_cast<unsigned long long>(day.cut_by_scaling), day.most_servers, day.turns,
        static_cast<unsigned long long>(day.drains), static_cast<unsigned long long>(day.undrains),
        static_cast<double>(day.longest_shortage.count()) / 1e6, day.server_hours, day.ideal_hours);
}

}  // namespace

TEST_CASE("a day with a crowd and a lost region: nobody is cut off, and servers do not swing") {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        const FleetPlan plan{.seed = seed};
        const FleetReport day = Fleet(plan).run();
        print(plan, day);
        CAPTURE(seed);
        CHECK(day.cut_by_scaling == 0);
        CHECK(day.moved_by_scaling < day.calls / 100);
        CHECK(day.cut_by_region > 0);
        CHECK(day.longest_shortage <= kWarmUp);
        // Down for the night, up by day, and for the crowd and the region up and down once each,
        // with a step back where a load turns.
        CHECK(day.turns <= 16);
        // A roll-out's servers on their way out are not made up for twice.
        CHECK(day.most_servers <= 40);
        CHECK(day.server_hours <= 1.35 * day.ideal_hours);
    }
}

TEST_CASE("the same seed is the same day") {
    const FleetPlan plan{.seed = 7, .length = 3h};
    CHECK(Fleet(plan).run().hash == Fleet(plan).run().hash);
    CHECK(Fleet(plan).run().hash != Fleet({.seed = 8, .length = 3h}).run().hash);
}
