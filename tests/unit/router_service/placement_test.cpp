#include "router-service/placement.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::beat_of;
using test::kStart;

struct Cluster {
    Servers servers{1};
    base::SeededRandom random{1};
    PlacementRules rules = {};

    ServerIndex add(std::string id, double used, std::string region = "") {
        auto beat = beat_of(std::move(id), 1, used);
        beat.region = std::move(region);
        return servers.on_beat(kStart, beat).server;
    }
    void overload(std::string id) {
        auto beat = beat_of(std::move(id), 2);
        beat.region = servers[*servers.find(beat.server)].region;
        beat.load.overloaded = true;
        servers.on_beat(kStart, beat);
    }
    Decision choose(const Wanted& wanted = {}) {
        return choose_home(servers, rules, wanted, random);
    }
    std::string home(const Wanted& wanted = {}) {
        const Decision decision = choose(wanted);
        return decision.server ? servers[*decision.server].id : "";
    }
    // Places so many rooms; the most and the mean of what a server then has.
    std::pair<double, double> burst(int rooms) {
        std::vector<double> placed;
        for (int room = 0; room < rooms; ++room) {
            const Decision decision = choose();
            REQUIRE(decision.server);
            if (placed.size() <= *decision.server) placed.resize(*decision.server + 1);
            ++placed[*decision.server];
            servers.on_placed(kStart, *decision.server, static_cast<uint64_t>(room), 8);
        }
        return {std::ranges::max(placed), rooms / static_cast<double>(servers.size())};
    }
};

TEST_CASE("of two servers the lighter one gets the room") {
    Cluster cluster;
    cluster.add("heavy", 3);
    cluster.add("light", 1);
    for (int again = 0; again < 20; ++again) {
        const Decision decision = cluster.choose();
        // Both draws may hit the same one.
        if (decision.considered == 2) CHECK(cluster.servers[*decision.server].id == "light");
    }
}

TEST_CASE("what was promised weighs as much as what was measured") {
    Cluster cluster;
    const ServerIndex promised = cluster.add("promised", 0);
    cluster.add("measured", 0.5);
    for (uint64_t room = 0; room < 10; ++room) cluster.servers.on_placed(kStart, promised, room, 8);
    cluster.rules.policy = Policy::Pack;
    CHECK(cluster.home() == "promised");
}

TEST_CASE("ten thousand rooms at once are spread evenly") {
    Cluster cluster;
    for (int server = 0; server < 100; ++server) {
        auto beat = beat_of("s" + std::to_string(server), 1);
        beat.load.capacity = 64;
        cluster.servers.on_beat(kStart, beat);
    }
    const auto [most, mean] = cluster.burst(10'000);
    MESSAGE("burst of 10,000 over 100 servers: max/mean " << most / mean);
    CHECK(most / mean < 1.1);
    cluster.servers.ensure_invariants();
}

TEST_CASE("a burst stops at what the servers can carry") {
    Cluster cluster;
    for (int server = 0; server < 10; ++server) cluster.add("s" + std::to_string(server), 0);
    int placed = 0;
    while (const auto server = cluster.choose().server) {
        cluster.servers.on_placed(kStart, *server, static_cast<uint64_t>(placed++), 8);
    }
    CHECK(placed == 10 * 50);  // 4 cores, 0.08 a room
    CHECK(cluster.home() == "");
}

TEST_CASE("packing takes the fullest server under the bound, and the next when it is reached") {
    Cluster cluster;
    cluster.rules = {Policy::Pack, 0.5};
    cluster.add("empty", 0);
    cluster.add("half", 1.8);
    cluster.add("over", 3);
    CHECK(cluster.home() == "half");
    cluster.servers.on_placed(kStart, *cluster.servers.find("half"), 1, 8);
    cluster.servers.on_placed(kStart, *cluster.servers.find("half"), 2, 8);
    CHECK(cluster.home() == "empty");
}

TEST_CASE("packing goes over the bound before it refuses, to the lightest") {
    Cluster cluster;
    cluster.rules = {Policy::Pack, 0.5};
    cluster.add("a", 3.5);
    cluster.add("b", 3);
    const Decision decision = cluster.choose();
    CHECK(cluster.servers[*decision.server].id == "b");
    CHECK(decision.over_bound);
}

TEST_CASE("a room goes to its region, and to another when that is full, which is said") {
    Cluster cluster;
    cluster.add("us1", 0, "us");
    cluster.add("eu1", 3, "eu");
    for (int again = 0; again < 20; ++again) CHECK(cluster.home({.region = "eu"}) == "eu1");

    const Wanted asia{.region = "asia"};
    const Decision decision = cluster.choose(asia);
    CHECK(decision.server);
    CHECK(decision.other_region);
    CHECK(reasons_text(decision, cluster.servers, asia).find("no server of region asia") !=
          std::string::npos);
}

TEST_CASE("an overloaded server gets a room when nobody else is left, in any region") {
    Cluster cluster;
    cluster.add("eu1", 0, "eu");
    cluster.add("us1", 3, "us");
    cluster.overload("eu1");
    for (int again = 0; again < 20; ++again) CHECK(cluster.home({.region = "eu"}) == "us1");
    cluster.overload("us1");
    const Decision decision = cluster.choose({.region = "eu"});
    CHECK(cluster.servers[*decision.server].id == "eu1");
    CHECK(decision.overloaded);
}

TEST_CASE("rooms of one anti-affinity have different homes while there are any") {
    for (const Policy policy : {Policy::Spread, Policy::Pack}) {
        Cluster cluster;
        cluster.rules.policy = policy;
        for (int server = 0; server < 30; ++server) cluster.add("s" + std::to_string(server), 0);
        Together together;
        for (int room = 0; room < 30; ++room) {
            const Decision decision = cluster.choose({.apart = &together});
            REQUIRE(decision.server);
            CHECK_FALSE(decision.not_apart);
            CHECK(together[*decision.server]++ == 0);
        }
        const Decision decision = cluster.choose({.apart = &together});
        CHECK(decision.server);
        CHECK(decision.not_apart);
    }
}

TEST_CASE("a server that did not answer is not tried again") {
    Cluster cluster;
    const ServerIndex a = cluster.add("a", 0);
    const ServerIndex b = cluster.add("b", 3);
    const ServerIndex tried[] = {a, b};
    CHECK(cluster.home({.tried = std::span(tried).first(1)}) == "b");
    CHECK(cluster.home({.tried = tried}) == "");
}

TEST_CASE("nobody has capacity where there is nobody") {
    Cluster cluster;
    const Decision decision = cluster.choose({.region = "eu"});
    CHECK_FALSE(decision.server);
    CHECK(reasons_text(decision, cluster.servers, {}) == "no server has capacity");
}

TEST_CASE("the reasons name who was considered, and their load") {
    Cluster cluster;
    cluster.add("a", 1.92);
    const Decision decision = cluster.choose();
    CHECK(reasons_text(decision, cluster.servers, {}) == "lighter of 1 drawn from 1: a 50.0 %");
}

TEST_CASE("the same seed chooses the same servers") {
    const auto run = [] {
        Cluster cluster;
        std::vector<ServerIndex> chosen;
        for (int server = 0; server < 50; ++server) cluster.add("s" + std::to_string(server), 0);
        for (int room = 0; room < 100; ++room) chosen.push_back(*cluster.choose().server);
        return chosen;
    };
    CHECK(run() == run());
}

TEST_CASE("a small room is expected to have no more peers than it may have") {
    CHECK(expected_seats({.max_peers = 2}) == 2);
    CHECK(expected_seats({.max_peers = 500}) == kOrdinarySeats);
    CHECK(expected_seats({}) == kOrdinarySeats);
}

}  // namespace
}  // namespace parley::router_service
