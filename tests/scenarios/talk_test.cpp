#include <doctest/doctest.h>

#include "tests/sim/cluster.h"

using namespace parley;
using namespace parley::sim;

TEST_CASE("two people who join a room hear each other, every word") {
    Cluster cluster(/*seed=*/1);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    REQUIRE(cluster.settle());
    ada.speak(5s);
    bob.speak(3s);
    cluster.run(7s);

    CHECK(bob.heard(ada).longest_gap() == 20ms);
    CHECK(bob.heard(ada).words() == 250);
    CHECK(ada.heard(bob).words() == 150);
    CHECK(bob.missing_numbers(ada) == 0);
    CHECK(bob.browser().receiver().retimed() == 0);
    CHECK(bob.rooms_heard() == std::set<std::string>{"standup"});
}

TEST_CASE("they are connected, and heard, within a second of joining") {
    Cluster cluster(2);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    ada.speak(5s);
    const base::Instant joined = cluster.now();
    CHECK(cluster.settle(1s));
    cluster.run(6s);
    CHECK(bob.heard(ada).since(joined).longest_gap() <= 1s);
}

TEST_CASE("a listener on a 5% lossy link never waits more than 60 ms for the next word") {
    Cluster cluster(/*seed=*/7);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    bob.downlink() = {.loss = 0.05, .delay = 40ms};

    ada.speak(10s);
    cluster.run(12s);

    CHECK(bob.heard(ada).longest_gap() <= 60ms);
    CHECK(bob.heard(ada).words() > bob.heard(ada).said() * 9 / 10);
    CHECK(bob.rooms_heard() == std::set<std::string>{"standup"});
}

TEST_CASE("what one listener loses no other listener misses") {
    Cluster cluster(3);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob"), carl = room.join("carl");
    REQUIRE(cluster.settle());
    bob.downlink().loss = 0.3;
    ada.speak(10s);
    cluster.run(12s);
    CHECK(bob.heard(ada).words() < 400);
    CHECK(carl.heard(ada).words() == 500);
}

TEST_CASE("voices come through jitter, reordering and duplicates once each and in order") {
    Cluster cluster(4);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    REQUIRE(cluster.settle());
    const Conditions rough{.duplication = 0.1, .reordering = 0.1, .delay = 30ms, .jitter = 25ms};
    ada.uplink() = rough;
    bob.downlink() = rough;
    ada.speak(20s);
    cluster.run(22s);
    CHECK(bob.heard(ada).words() == 1'000);
    CHECK(bob.browser().receiver().packets() >= 1'000);
    CHECK(bob.browser().receiver().retimed() == 0);
    CHECK(bob.missing_numbers(ada) == 0);
}

TEST_CASE("who joins later hears what is said from then on, and the others hear no break") {
    Cluster cluster(5);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    REQUIRE(cluster.settle());
    ada.speak(8s);
    cluster.run(3s);
    auto carl = room.join("carl");
    cluster.run(7s);
    CHECK(bob.heard(ada).longest_gap() == 20ms);
    CHECK(carl.heard(ada).words() > 200);
    CHECK(carl.heard(ada).longest_gap() == 20ms);
    CHECK(carl.missing_numbers(ada) == 0);
}

TEST_CASE("who leaves is heard no more, and the others hear no break") {
    Cluster cluster(6);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob"), carl = room.join("carl");
    REQUIRE(cluster.settle());
    ada.speak(10s);
    carl.speak(10s);
    cluster.run(3s);
    carl.leave();
    cluster.run(8s);
    CHECK(bob.heard(ada).longest_gap() == 20ms);
    CHECK(bob.heard(carl).words() >= 148);
    CHECK(bob.heard(carl).words() <= 152);
    CHECK(bob.browser().peers() == std::set<std::string>{"ada"});
    CHECK(carl.browser().close_code() == 1000);
}

TEST_CASE("who comes back under the same name is heard again") {
    Cluster cluster(8);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    REQUIRE(cluster.settle());
    ada.leave();
    cluster.run(2s);
    auto again = room.join("ada");
    REQUIRE(cluster.settle());
    again.speak(2s);
    cluster.run(4s);
    CHECK(bob.heard(again).words() == 100);
}

TEST_CASE("who is muted is not heard until unmuted, and no number is missing then") {
    Cluster cluster(9);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    REQUIRE(cluster.settle());
    ada.speak(9s);
    cluster.run(3s);
    ada.mute();
    cluster.run(3s);
    const size_t before = bob.heard(ada).until(cluster.now()).words();
    ada.unmute();
    cluster.run(5s);
    CHECK(before >= 148);
    CHECK(before <= 152);
    CHECK(bob.heard(ada).words() >= 280);
    CHECK(bob.missing_numbers(ada) == 0);
}

TEST_CASE("who is muted by an administrator is silent, whatever they do") {
    Cluster cluster(10);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    REQUIRE(cluster.settle());
    const auto mute = [&](bool muted) {
        return cluster.machine().ask([&](auto& core, base::Instant at, auto& out) {
            return core.mute_peer(at, "standup", "ada", muted, out).ok();
        });
    };
    CHECK(mute(true));
    cluster.run(500ms);
    CHECK(ada.browser().muted_by_admin());
    ada.speak(2s);
    cluster.run(3s);
    CHECK_FALSE(bob.heard(ada).anything());
    CHECK(mute(false));
    cluster.run(500ms);
    ada.speak(2s);
    cluster.run(4s);
    CHECK(bob.heard(ada).words() == 100);
}

TEST_CASE("who pauses one voice hears the others, and later all, with no number missing") {
    Cluster cluster(11);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob"), carl = room.join("carl");
    REQUIRE(cluster.settle());
    ada.speak(9s);
    carl.speak(9s);
    cluster.run(3s);
    bob.pause_hearing(ada);
    cluster.run(3s);
    bob.resume_hearing(ada);
    cluster.run(5s);
    CHECK(bob.heard(ada).words() >= 290);
    CHECK(bob.heard(ada).words() <= 310);
    CHECK(bob.missing_numbers(ada) == 0);
    CHECK(bob.heard(carl).words() == 450);
    CHECK(carl.heard(ada).words() == 450);
}

TEST_CASE("a minute of silence is no break: numbers go on where they were") {
    Cluster cluster(12);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    REQUIRE(cluster.settle());
    ada.speak(2s);
    cluster.run(60s);
    ada.speak(2s);
    cluster.run(4s);
    CHECK(bob.heard(ada).words() == 200);
    CHECK(bob.missing_numbers(ada) == 0);
}

TEST_CASE("sender reports say when words were said, to within the way to the worker") {
    Cluster cluster(13);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    ada.uplink().delay = 40ms;
    REQUIRE(cluster.settle());
    ada.speak(20s);
    cluster.run(8s);
    bob.pause_hearing(ada);
    cluster.run(2s);
    bob.resume_hearing(ada);
    cluster.run(12s);
    CHECK(bob.browser().receiver().sender_reports() >= 10);
    CHECK(bob.browser().receiver().worst_sender_report() <= 45ms);
}

TEST_CASE("a room knows who speaks") {
    Cluster cluster(14);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob"), carl = room.join("carl");
    REQUIRE(cluster.settle());
    ada.speak(4s);
    cluster.run(3s);
    CHECK(bob.browser().dominant() == "ada");
    CHECK(carl.browser().dominant() == "ada");
    cluster.run(3s);
    carl.speak(6s);
    cluster.run(5s);
    CHECK(bob.browser().dominant() == "carl");
}
