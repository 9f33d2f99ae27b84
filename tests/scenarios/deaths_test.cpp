#include <doctest/doctest.h>

#include "tests/sim/cluster.h"

using namespace parley;
using namespace parley::sim;

namespace {

// Two rooms, each on a worker of its own, and people who talk all the time.
struct TwoRooms {
    explicit TwoRooms(uint64_t seed, bool numbered = true)
        : cluster(seed),
          red(cluster.room("red", {})),
          blue(cluster.room("blue", {})),
          ada(red.join("ada", {.numbered = numbered})),
          bob(red.join("bob", {.numbered = numbered})),
          carl(blue.join("carl", {.numbered = numbered})),
          dora(blue.join("dora", {.numbered = numbered})) {
        REQUIRE(cluster.settle());
        REQUIRE(red.worker() != blue.worker());
        for (Peer* peer : {&ada, &bob, &carl, &dora}) peer->speak(300s);
        cluster.run(3s);
    }

    Cluster cluster;
    Room red, blue;
    Peer ada, bob, carl, dora;
};

}  // namespace

TEST_CASE("a worker dies: its rooms are silent shortly, the others hear nothing of it") {
    for (const bool numbered : {true, false}) {
        TwoRooms rooms(41, numbered);
        rooms.cluster.kill_worker(rooms.red.worker());
        rooms.cluster.run(10s);
        CHECK(rooms.carl.heard(rooms.dora).longest_gap() == 20ms);
        CHECK(rooms.dora.heard(rooms.carl).longest_gap() == 20ms);
        CHECK(rooms.bob.heard(rooms.ada).longest_gap() <= 2s);
        CHECK(rooms.ada.heard(rooms.bob).longest_gap() <= 2s);
        CHECK(rooms.ada.browser().rebuilds() == (numbered ? 1 : 0));
        CHECK(rooms.ada.browser().rejoins() == (numbered ? 0 : 1));
    }
}

TEST_CASE("a worker that dies again and again is started again and again") {
    TwoRooms rooms(42);
    for (int i = 0; i < 5; ++i) {
        rooms.cluster.kill_worker(rooms.red.worker());
        rooms.cluster.run(12s);
    }
    const base::Instant before = rooms.cluster.now();
    rooms.cluster.run(3s);
    CHECK(rooms.bob.heard(rooms.ada).since(before).longest_gap() == 20ms);
}

TEST_CASE("all workers die at once, and everybody is back when they are") {
    TwoRooms rooms(43);
    rooms.cluster.kill_worker(0);
    rooms.cluster.kill_worker(1);
    rooms.cluster.run(8s);
    const base::Instant before = rooms.cluster.now();
    rooms.cluster.run(3s);
    CHECK(rooms.bob.heard(rooms.ada).since(before).longest_gap() == 20ms);
    CHECK(rooms.carl.heard(rooms.dora).since(before).longest_gap() == 20ms);
}

TEST_CASE("the controller dies and returns, and nobody hears anything of it") {
    TwoRooms rooms(44);
    rooms.cluster.kill_controller();
    rooms.cluster.run(5s);
    rooms.cluster.start_controller();
    rooms.cluster.run(10s);
    CHECK(rooms.bob.heard(rooms.ada).longest_gap() == 20ms);
    CHECK(rooms.carl.heard(rooms.dora).longest_gap() == 20ms);
    CHECK(rooms.ada.browser().resumed() == 1);
    CHECK(rooms.ada.browser().rejoins() == 0);
}

TEST_CASE("after the controller returned a new peer joins the old room, and all hear each other") {
    TwoRooms rooms(45);
    rooms.cluster.kill_controller();
    rooms.cluster.run(2s);
    rooms.cluster.start_controller();
    rooms.cluster.run(4s);
    auto eve = rooms.red.join("eve");
    REQUIRE(rooms.cluster.settle());
    eve.speak(2s);
    const base::Instant before = rooms.cluster.now();
    rooms.cluster.run(4s);
    CHECK(rooms.ada.heard(eve).words() == 100);
    CHECK(rooms.bob.heard(eve).words() == 100);
    CHECK(eve.heard(rooms.ada).since(before).longest_gap() == 20ms);
    CHECK(eve.browser().peers() == std::set<std::string>{"ada", "bob"});
}

TEST_CASE("a controller that stays away for four minutes finds its workers still forwarding") {
    TwoRooms rooms(46);
    rooms.cluster.kill_controller();
    rooms.cluster.run(60s);
    rooms.cluster.start_controller();
    rooms.cluster.run(5s);
    CHECK(rooms.bob.heard(rooms.ada).longest_gap() == 20ms);
}

TEST_CASE("workers that nobody comes back for end by themselves") {
    Cluster cluster(47, {.orphan_timeout = 60s});
    cluster.kill_controller();
    cluster.run(58s);
    CHECK(cluster.machine().worker(0) != nullptr);
    cluster.run(4s);
    CHECK(cluster.machine().worker(0) == nullptr);
    CHECK(cluster.machine().worker(1) == nullptr);
}

TEST_CASE("the controller dies at any moment of a join, and the room is whole in the end") {
    for (int after = 0; after < 500; after += 17) {
        Cluster cluster(48);
        auto room = cluster.room("standup");
        auto ada = room.join("ada"), bob = room.join("bob");
        cluster.run(base::Duration(after * 1ms));
        cluster.kill_controller();
        cluster.run(300ms);
        cluster.start_controller();
        CAPTURE(after);
        REQUIRE(cluster.settle(60s));
        ada.speak(1s);
        bob.speak(1s);
        cluster.run(3s);
        CHECK(bob.heard(ada).words() == 50);
        CHECK(ada.heard(bob).words() == 50);
    }
}

TEST_CASE("a worker dies at any moment of a join, and the room is whole in the end") {
    for (int after = 0; after < 500; after += 17) {
        Cluster cluster(49);
        auto room = cluster.room("standup");
        auto ada = room.join("ada"), bob = room.join("bob");
        cluster.run(base::Duration(after * 1ms));
        cluster.kill_worker(0);
        CAPTURE(after);
        REQUIRE(cluster.settle());
        ada.speak(1s);
        bob.speak(1s);
        cluster.run(3s);
        CHECK(bob.heard(ada).words() == 50);
        CHECK(ada.heard(bob).words() == 50);
    }
}
