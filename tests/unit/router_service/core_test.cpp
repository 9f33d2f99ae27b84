#include "router-service/core.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "common/cluster/codec.h"
#include "common/cluster/trace.h"
#include "tests/unit/router_service/model_cluster.h"

namespace parley::router_service {
namespace {

using cluster::Answer;
using cluster::RoomClose;
using cluster::RoomCreate;
using cluster::RoomGet;
using test::ModelCluster;

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

uint16_t code(const Answer& answer) {
    return answer.refusal ? answer.refusal->code : 200;
}

// r0, r1, ..., each with its number as metadata.
void make_rooms(ModelCluster& cluster, int count) {
    for (int room = 0; room < count; ++room) {
        const cluster::RoomOptions options{.metadata = std::to_string(room)};
        cluster.ask(RoomCreate{"r" + std::to_string(room), options});
    }
    cluster.run(3s);
}

TEST_CASE("a room that is created is given a home, and found there") {
    ModelCluster cluster(1, 3);
    cluster.start();
    const Answer made = cluster.call(RoomCreate{"standup", {.max_peers = 25}}, 5s);
    REQUIRE(code(made) == 200);
    const std::string home = cluster.home_in(made);
    CHECK(cluster.homes("standup") == std::vector{home});
    CHECK(cluster.active()->core().counts().assignment.count() == 1);
    CHECK(cluster.server(home).rooms().at("standup").options.max_peers == 25);

    CHECK(cluster.home_in(cluster.call(RoomGet{"standup"})) == home);
    CHECK(cluster.call(RoomCreate{"standup", {}}).data == made.data);
    CHECK(code(cluster.call(RoomGet{"other"})) == 404);
}

TEST_CASE("a room without a name is given one") {
    ModelCluster cluster(1, 1);
    cluster.start();
    cluster.run(4s);
    CHECK(code(cluster.call(RoomCreate{})) == 200);
    CHECK(code(cluster.call(RoomCreate{})) == 200);
    CHECK(cluster.servers[0]->rooms().size() == 2);
}

TEST_CASE("many who create one room at once are told of one home") {
    ModelCluster cluster(2, 5);
    cluster.start();
    cluster.run(4s);
    std::vector<std::string> ids;
    for (int caller = 0; caller < 50; ++caller) ids.push_back(cluster.ask(RoomCreate{"one", {}}));
    cluster.run(3s);
    std::set<std::string> said;
    for (const std::string& id : ids) {
        REQUIRE(cluster.answers(id).size() == 1);
        said.insert(cluster.answers(id)[0].data);
    }
    CHECK(said.size() == 1);
    CHECK(cluster.homes("one").size() == 1);
}

TEST_CASE("a room that is closed is nowhere, and can be made again") {
    ModelCluster cluster(3, 2);
    cluster.start();
    cluster.run(4s);
    cluster.call(RoomCreate{"standup", {}});
    CHECK(code(cluster.call(RoomClose{"standup"})) == 200);
    CHECK(cluster.homes("standup").empty());
    CHECK(code(cluster.call(RoomGet{"standup"})) == 404);
    CHECK(code(cluster.call(RoomCreate{"standup", {}})) == 200);
}

TEST_CASE("a command that came before the picture was whole waits for it") {
    ModelCluster cluster(4, 3);
    cluster.start();
    const std::string id = cluster.ask(RoomCreate{"early", {}});
    cluster.run(2s);
    CHECK(cluster.answers(id).empty());
    cluster.run(3s);
    REQUIRE(cluster.answers(id).size() == 1);
    CHECK(code(cluster.answers(id)[0]) == 200);
}

TEST_CASE("without a server that has capacity a room is refused, and says so") {
    ModelCluster cluster(5, 2);
    for (const auto& server : cluster.servers) server->capacity = 0;
    cluster.start();
    cluster.run(4s);
    const Answer answer = cluster.call(RoomCreate{"standup", {}});
    CHECK(code(answer) == 503);
    CHECK(answer.refusal->reason.starts_with("capacity"));
}

TEST_CASE("a server that does not answer is passed over, and gives the room up when it wakes") {
    ModelCluster cluster(6, 2);
    cluster.start();
    cluster.run(4s);
    cluster.server("s0").hang();
    std::vector<std::string> ids;
    for (int room = 0; room < 10; ++room) {
        ids.push_back(cluster.ask(RoomCreate{"r" + std::to_string(room), {}}));
    }
    cluster.run(2500ms);
    for (const std::string& id : ids) {
        REQUIRE(cluster.answers(id).size() == 1);
        CHECK(cluster.home_in(cluster.answers(id)[0]) == "s1");
    }
    cluster.server("s0").resume();
    cluster.run(4s);
    CHECK(cluster.server("s0").rooms().empty());
    CHECK(cluster.server("s1").rooms().size() == 10);
}

TEST_CASE("rooms of a lost server get another home, options intact, and the late returner none") {
    ModelCluster cluster(7, 3);
    cluster.start();
    cluster.run(4s);
    make_rooms(cluster, 60);
    cluster.run(2s);
    auto& lost = cluster.server("s0");
    const auto had = lost.rooms();
    REQUIRE(had.size() > 5);

    SUBCASE("it hangs and wakes up") {
        lost.hang();
        cluster.run(5s);
        lost.resume();
    }
    SUBCASE("it dies and comes back with its rooms") {
        lost.die(true);
        cluster.run(5s);
        lost.start();
    }
    SUBCASE("it dies and comes back at once without them") {
        lost.die(false);
        cluster.run(300ms);
        lost.start();
    }
    cluster.run(6s);
    for (const auto& [name, room] : had) {
        REQUIRE(cluster.homes(name).size() == 1);
        const auto& now = cluster.server(cluster.homes(name)[0]).rooms().at(name);
        CHECK(now.epoch > room.epoch);
        CHECK(now.options == room.options);
        CHECK(cluster.home_in(cluster.call(RoomGet{name}, 1500ms)) == cluster.homes(name)[0]);
    }
    CHECK(cluster.active()->core().picture().rooms().disputes() == 0);
}

TEST_CASE("rooms with people in them that a drained server lets go of are carried over") {
    ModelCluster cluster(14, 3);
    for (const auto& server : cluster.servers) server->peers_in_each = 3;
    cluster.start();
    cluster.run(4s);
    make_rooms(cluster, 30);
    cluster.run(2s);
    auto& drained = cluster.server("s0");
    REQUIRE(drained.rooms().size() > 5);
    drained.drain();
    cluster.run(4s);
    CHECK(drained.rooms().empty());
    for (int room = 0; room < 30; ++room) {
        CHECK(cluster.homes("r" + std::to_string(room)).size() == 1);
    }
    CHECK(cluster.active()->core().picture().homeless() == 0);
}

TEST_CASE("a draining server's rooms move at an even pace, and before they are given up") {
    ModelCluster cluster(15, 3);
    cluster.start();
    cluster.run(4s);
    make_rooms(cluster, 120);
    cluster.run(2s);
    auto& server = cluster.server("s0");
    const size_t had = server.rooms().size();
    REQUIRE(had > 20);
    server.drain_within(60s);
    size_t most_at_once = 0;
    for (int second = 1; second <= 60; ++second) {
        const size_t before = server.rooms().size();
        cluster.run(1s);
        most_at_once = std::max(most_at_once, before - server.rooms().size());
        // Half of the time is over: so is half of the work, more or less.
        if (second == 30) CHECK(server.rooms().size() > had / 4);
        if (second == 30) CHECK(server.rooms().size() < had * 3 / 4);
    }
    CHECK(server.rooms().empty());
    CHECK(most_at_once <= had / 60 + 3);
    CHECK(cluster.active()->core().counts().moves == had);
    for (int room = 0; room < 120; ++room) {
        CHECK(cluster.homes("r" + std::to_string(room)).size() == 1);
    }
}

TEST_CASE("a server that is silent for less than the patience keeps its rooms") {
    ModelCluster cluster(8, 2);
    cluster.start();
    cluster.run(4s);
    make_rooms(cluster, 20);
    cluster.run(2s);
    const size_t had = cluster.server("s0").rooms().size();
    cluster.server("s0").hang();
    cluster.run(1800ms);
    cluster.server("s0").resume();
    cluster.run(4s);
    CHECK(cluster.server("s0").rooms().size() == had);
}

TEST_CASE("the standby takes over within two seconds, with every room and every command") {
    ModelCluster cluster(9, 3);
    cluster.start();
    cluster.run(4s);
    make_rooms(cluster, 30);
    cluster.run(1s);
    auto* before = cluster.active();
    REQUIRE(before);
    const std::string on_the_way = cluster.ask(RoomCreate{"new", {}});
    cluster.run(3ms);
    before->die();
    const std::string id = cluster.ask(RoomCreate{"newer", {}});
    cluster.run(2s);
    REQUIRE(cluster.answers(on_the_way).size() == 1);
    REQUIRE(cluster.answers(id).size() == 1);
    REQUIRE(cluster.active());
    CHECK(cluster.active() != before);
    CHECK(cluster.active()->core().picture().rooms().size() == 32);
}

TEST_CASE("when nobody is heard for a while it is the broker: no room is moved") {
    ModelCluster cluster(10, 3);
    cluster.start();
    cluster.run(4s);
    make_rooms(cluster, 30);
    cluster.run(1s);
    for (const auto& server : cluster.servers) server->hang();
    cluster.run(6s);
    for (const auto& server : cluster.servers) server->resume();
    cluster.run(8s);
    CHECK(cluster.active()->core().counts().moves == 0);
    CHECK(cluster.active()->core().picture().rooms().size() == 30);
}

TEST_CASE("a burst of ten thousand rooms is answered, and spread") {
    ModelCluster cluster(11, 40);
    cluster.start();
    cluster.run(4s);
    for (int room = 0; room < 10'000; ++room) {
        cluster.ask(RoomCreate{"r" + std::to_string(room), {}});
    }
    cluster.run(20s);
    size_t most = 0, all = 0;
    for (const auto& server : cluster.servers) {
        most = std::max(most, server->rooms().size());
        all += server->rooms().size();
    }
    CHECK(all == 10'000);
    MESSAGE("burst of 10,000 over 40 servers: max/mean " << static_cast<double>(most) / 250);
    CHECK(most <= 275);
}

TEST_CASE("why a room is where it is can be asked") {
    ModelCluster cluster(12, 3);
    cluster.start();
    cluster.run(4s);
    cluster.call(RoomCreate{"standup", {.region = "mars"}});
    const Answer why = cluster.call(cluster::RoomWhy{"standup"});
    CHECK(contains(why.data, "lighter of"));
    CHECK(contains(why.data, "no server of region mars has capacity"));
    // Why these workers its home says; without it the rest is told all the same.
    CHECK(contains(why.data, R"("workers":[{"worker":2}])"));
    CHECK(code(cluster.call(cluster::RoomWhy{"other"})) == 404);
    cluster.server(cluster.homes("standup").at(0)).hang();
    const Answer alone = cluster.call(cluster::RoomWhy{"standup"});
    CHECK_FALSE(alone.refusal);
    CHECK_FALSE(contains(alone.data, "workers"));
}

TEST_CASE("the trace of a command goes on to the home, and is remembered with the decision") {
    ModelCluster cluster(14, 3);
    cluster.start();
    cluster.run(4s);
    constexpr const char* kTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    cluster.traceparent = kTrace;
    cluster.call(RoomCreate{"standup", {}});
    const std::string home = cluster.homes("standup").at(0);
    CHECK(cluster.server(home).last_traceparent == kTrace);
    cluster.traceparent = "nonsense";
    const Answer why = cluster.call(cluster::RoomWhy{"standup"});
    CHECK(contains(why.data, R"("decisionTrace":"4bf92f3577b34da6a3ce929d0e0e4736")"));
    CHECK(cluster::trace_id(cluster.server(home).last_traceparent).size() == 32);
    CHECK(cluster.server(home).last_traceparent != kTrace);
}

TEST_CASE("rooms and servers are listed") {
    ModelCluster cluster(13, 2);
    cluster.start();
    cluster.run(4s);
    for (const char* room : {"a", "b", "c"}) cluster.call(RoomCreate{room, {}});
    const Answer page = cluster.call(cluster::RoomList{.after = "", .limit = 2});
    CHECK(contains(page.data, R"("room":"a")"));
    CHECK(contains(page.data, R"("next":"b")"));
    CHECK_FALSE(contains(page.data, R"("room":"c")"));
    const Answer last = cluster.call(cluster::RoomList{.after = "b", .limit = 2});
    CHECK(contains(last.data, R"("room":"c")"));
    CHECK(contains(last.data, R"("next":null)"));
    const Answer servers = cluster.call(cluster::ServerList{});
    CHECK(contains(servers.data, R"("server":"s0")"));
    CHECK(contains(servers.data, R"("server":"s1")"));
}

}  // namespace
}  // namespace parley::router_service
