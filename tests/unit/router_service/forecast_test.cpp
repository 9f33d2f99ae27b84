#include "router-service/forecast.h"

#include <doctest/doctest.h>

#include <map>

#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::beat_of;
using test::kStart;

struct Table {
    Servers servers{1};

    ServerIndex add(std::string id, double used, std::string region = "") {
        auto beat = beat_of(std::move(id), 1, used);
        beat.region = std::move(region);
        return add(beat);
    }
    ServerIndex add(const cluster::Beat& beat) { return servers.on_beat(kStart, beat).server; }
    Forecast next(Policy policy, std::string_view region = "", size_t most = 10) const {
        return forecast(servers, {.policy = policy, .pack_bound = 0.5}, region, most);
    }
};

TEST_CASE("the chances that are said are those with which homes are then chosen") {
    Table table;
    for (const double used : {0.4, 1.6, 0.8, 2.4, 1.2}) {
        table.add("s" + std::to_string(int(used * 10)), used);
    }
    const Forecast next = table.next(Policy::Spread);
    REQUIRE(next.likely.size() == 5);
    CHECK(next.eligible == 5);
    base::SeededRandom random{3};
    std::map<ServerIndex, double> chosen;
    constexpr int kRooms = 20'000;
    for (int room = 0; room < kRooms; ++room) {
        chosen[*choose_home(table.servers, {}, {}, random).server] += 1.0 / kRooms;
    }
    double sum = 0;
    for (const Forecast::Prospect& one : next.likely) {
        CAPTURE(table.servers[one.server].id);
        CHECK(std::abs(chosen[one.server] - double{one.chance}) < 0.02);
        sum += double{one.chance};
    }
    CHECK(std::abs(sum - 1) < 0.001);
    CHECK(table.servers[next.likely[0].server].id == "s4");
    CHECK(next.likely[0].chance == doctest::Approx(0.4));
}

TEST_CASE("one server alone is certain, and without any nothing is likely") {
    Table table;
    CHECK(table.next(Policy::Spread).likely.empty());
    CHECK(table.next(Policy::Pack).likely.empty());
    table.add("a", 1);
    CHECK(table.next(Policy::Spread).likely.at(0).chance == 1);
    CHECK(table.next(Policy::Pack).likely.at(0).chance == 1);
}

TEST_CASE("packing goes to the fullest under the bound, then over it") {
    Table table;
    const ServerIndex low = table.add("low", 0.4);
    const ServerIndex near = table.add("near", 1.6);
    const ServerIndex over = table.add("over", 3);
    const Forecast next = table.next(Policy::Pack);
    REQUIRE(next.likely.size() == 3);
    CHECK(next.likely[0].server == near);
    CHECK(next.likely[0].chance == 1);
    CHECK(next.likely[1].server == low);
    CHECK(next.likely[1].chance == 0);
    CHECK(next.likely[2].server == over);
    CHECK_FALSE(next.over_bound);
    base::SeededRandom random{3};
    const PlacementRules rules{.policy = Policy::Pack, .pack_bound = 0.5};
    CHECK(choose_home(table.servers, rules, {}, random).server == near);
    CHECK(table.next(Policy::Pack, "", 1).likely.size() == 1);
}

TEST_CASE("a region without capacity is served by the others, and that is said") {
    Table table;
    const ServerIndex far = table.add("far", 1, "us");
    table.add("near", 1, "eu");
    CHECK(table.next(Policy::Spread, "eu").eligible == 1);
    CHECK_FALSE(table.next(Policy::Spread, "eu").elsewhere);
    auto drained = beat_of("near", 2, 1);
    drained.region = "eu";
    drained.state = cluster::ServerState::Draining;
    table.add(drained);
    const Forecast next = table.next(Policy::Spread, "eu");
    CHECK(next.elsewhere);
    CHECK(next.likely.at(0).server == far);
}

TEST_CASE("overloaded servers are the last resort") {
    Table table;
    auto busy = beat_of("busy", 1, 1);
    busy.load.overloaded = true;
    table.add(busy);
    CHECK(table.next(Policy::Spread).overloaded);
    table.add("calm", 2);
    CHECK_FALSE(table.next(Policy::Spread).overloaded);
    CHECK(table.next(Policy::Spread).eligible == 1);
}

TEST_CASE("who has the fewest people is drained first; who drains already is not asked") {
    Table table;
    for (const auto& [id, people] : {std::pair("many", 30u), {"few", 3u}, {"none", 0u}}) {
        auto beat = beat_of(id, 1, 1);
        beat.load.peers = people;
        if (people == 0) beat.state = cluster::ServerState::Draining;
        table.add(beat);
    }
    const auto first = emptiest(table.servers, 5);
    REQUIRE(first.size() == 2);
    CHECK(table.servers[first[0]].id == "few");
    CHECK(emptiest(table.servers, 1).size() == 1);
    CHECK(emptiest(table.servers, 0).empty());
}

}  // namespace
}  // namespace parley::router_service
