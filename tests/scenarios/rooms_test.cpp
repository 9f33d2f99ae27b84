#include <doctest/doctest.h>

#include "tests/sim/cluster.h"

using namespace parley;
using namespace parley::sim;

TEST_CASE("two rooms on one worker, where people speak under the same SSRCs, never mix") {
    Cluster cluster(51, {.workers = 1});
    auto red = cluster.room("red"), blue = cluster.room("blue");
    auto ada = red.join("ada", {.ssrc = 1234}), bob = red.join("bob", {.ssrc = 5678});
    auto carl = blue.join("ada", {.ssrc = 1234}), dora = blue.join("bob", {.ssrc = 5678});
    REQUIRE(cluster.settle());
    for (Peer* peer : {&ada, &bob, &carl, &dora}) peer->speak(5s);
    cluster.run(7s);
    CHECK(bob.heard(ada).words() == 250);
    CHECK(dora.heard(carl).words() == 250);
    CHECK_FALSE(dora.heard(ada).anything());
    CHECK(bob.rooms_heard() == std::set<std::string>{"red"});
    CHECK(dora.rooms_heard() == std::set<std::string>{"blue"});
}

TEST_CASE("two people of one room may speak under the same SSRC") {
    Cluster cluster(52);
    auto room = cluster.room("standup");
    auto ada = room.join("ada", {.ssrc = 1234}), bob = room.join("bob", {.ssrc = 1234});
    auto carl = room.join("carl");
    REQUIRE(cluster.settle());
    ada.speak(2s);
    bob.speak(2s);
    cluster.run(4s);
    CHECK(carl.heard(ada).words() == 100);
    CHECK(carl.heard(bob).words() == 100);
}

TEST_CASE("a room for three lets three in, and the fourth when one has left") {
    Cluster cluster(53);
    auto room = cluster.room("small", {.max_peers = 3});
    auto ada = room.join("ada"), bob = room.join("bob");
    room.join("carl");
    REQUIRE(cluster.settle());
    auto dora = room.join("dora");
    cluster.run(2s);
    CHECK_FALSE(dora.in_room());
    CHECK(dora.close_code() == 4429);
    ada.leave();
    cluster.run(1s);
    auto again = room.join("dora");
    REQUIRE(cluster.settle());
    again.speak(1s);
    cluster.run(3s);
    CHECK(bob.heard(again).words() == 50);
}

TEST_CASE("of ten who come to a room for four at the same time, four are let in") {
    Cluster cluster(54);
    auto room = cluster.room("small", {.max_peers = 4});
    std::vector<Peer> peers;
    for (int i = 0; i < 10; ++i) peers.push_back(room.join("peer" + std::to_string(i)));
    cluster.run(5s);
    size_t inside = 0;
    for (const Peer& peer : peers) inside += peer.in_room();
    CHECK(inside == 4);
}

TEST_CASE("who is told to leave is gone, and the others stay") {
    Cluster cluster(55);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob"), carl = room.join("carl");
    REQUIRE(cluster.settle());
    const bool kicked = cluster.machine().ask([&](auto& core, base::Instant at, auto& out) {
        return core.kick_peer(at, "standup", "carl", "noise", out).ok();
    });
    CHECK(kicked);
    ada.speak(2s);
    carl.speak(2s);
    cluster.run(4s);
    CHECK(carl.close_code() == 4403);
    CHECK(bob.heard(ada).words() == 100);
    CHECK_FALSE(bob.heard(carl).anything());
}

TEST_CASE("when everybody has left, nothing is left in the worker") {
    Cluster cluster(56, {.workers = 1});
    auto room = cluster.room("standup");
    std::vector<Peer> peers;
    for (int i = 0; i < 8; ++i) {
        peers.push_back(room.join("peer" + std::to_string(i), {.numbered = i % 2 == 0}));
    }
    REQUIRE(cluster.settle());
    const engine::Media& media = cluster.machine().worker(0)->engine().media();
    CHECK(media.transports() == 16);
    CHECK(media.consumers() == 56);
    for (Peer& peer : peers) peer.leave();
    cluster.run(20s);
    CHECK(media.transports() == 0);
    CHECK(media.producers() == 0);
    CHECK(media.consumers() == 0);
    CHECK(media.routers().size() == 1);
    cluster.run(60s);
    CHECK(media.routers().size() == 0);
    CHECK(cluster.machine().core().rooms().empty());
}

TEST_CASE("a room that is closed sends its people away and stays closed for nobody else") {
    Cluster cluster(57);
    auto red = cluster.room("red"), blue = cluster.room("blue");
    auto ada = red.join("ada"), bob = red.join("bob");
    auto carl = blue.join("carl"), dora = blue.join("dora");
    REQUIRE(cluster.settle());
    carl.speak(4s);
    const bool closed = cluster.machine().ask([&](auto& core, base::Instant at, auto& out) {
        return core.close_room(at, "red", out).ok();
    });
    CHECK(closed);
    cluster.run(6s);
    CHECK(ada.close_code() == 4410);
    CHECK(bob.close_code() == 4410);
    CHECK(dora.heard(carl).words() == 200);
}
