#include <doctest/doctest.h>

#include "tests/sim/cluster.h"

using namespace parley;
using namespace parley::sim;

TEST_CASE("signalling that drops and is resumed makes no gap in sound") {
    for (const base::Duration away : {200ms, 3'000ms, 12'000ms}) {
        Cluster cluster(31);
        auto room = cluster.room("standup");
        auto ada = room.join("ada"), bob = room.join("bob");
        REQUIRE(cluster.settle());
        ada.speak(20s);
        bob.speak(20s);
        cluster.run(2s);
        ada.drop_signalling(away);
        cluster.run(20s);
        CHECK(bob.heard(ada).longest_gap() == 20ms);
        CHECK(ada.heard(bob).longest_gap() == 20ms);
        CHECK(ada.browser().resumed() == 1);
        CHECK(ada.browser().rejoins() == 0);
        CHECK(ada.in_room());
    }
}

TEST_CASE("a server that does not know yet that the connection is gone resumes it all the same") {
    Cluster cluster(32);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    REQUIRE(cluster.settle());
    ada.speak(10s);
    cluster.run(1s);
    ada.drop_signalling(300ms, /*notice=*/9s);
    cluster.run(11s);
    CHECK(bob.heard(ada).longest_gap() == 20ms);
    CHECK(ada.browser().resumed() == 1);
    CHECK(ada.in_room());
}

TEST_CASE("who joins while another's signalling is away is heard by them afterwards") {
    Cluster cluster(33);
    auto room = cluster.room("standup");
    auto ada = room.join("ada");
    room.join("bob");
    REQUIRE(cluster.settle());
    ada.drop_signalling(5s);
    cluster.run(1s);
    auto carl = room.join("carl");
    REQUIRE(cluster.settle());
    carl.speak(2s);
    cluster.run(4s);
    CHECK(ada.heard(carl).words() == 100);
    CHECK(ada.browser().peers() == std::set<std::string>{"bob", "carl"});
}

TEST_CASE("signalling that drops at any moment of a join ends in a whole room") {
    for (int after = 0; after < 400; after += 13) {
        Cluster cluster(34);
        auto room = cluster.room("standup");
        auto ada = room.join("ada"), bob = room.join("bob");
        cluster.run(base::Duration(after * 1ms));
        ada.drop_signalling(250ms);
        CAPTURE(after);
        REQUIRE(cluster.settle());
        ada.speak(1s);
        bob.speak(1s);
        cluster.run(3s);
        CHECK(bob.heard(ada).words() == 50);
        CHECK(ada.heard(bob).words() == 50);
    }
}

TEST_CASE("a classic client whose signalling drops rejoins, and hears and is heard again") {
    Cluster cluster(35);
    auto room = cluster.room("standup");
    auto ada = room.join("ada", {.numbered = false}), bob = room.join("bob");
    REQUIRE(cluster.settle());
    ada.drop_signalling(100ms);
    cluster.run(2s);
    REQUIRE(cluster.settle());
    ada.speak(2s);
    bob.speak(2s);
    cluster.run(4s);
    CHECK(bob.heard(ada).words() == 100);
    CHECK(ada.heard(bob).words() == 100);
    CHECK(ada.browser().rejoins() == 1);
}

TEST_CASE("who vanishes without a word is gone after the grace time") {
    Cluster cluster(36);
    auto room = cluster.room("standup");
    auto ada = room.join("ada"), bob = room.join("bob");
    REQUIRE(cluster.settle());
    ada.vanish();
    cluster.run(14s);
    CHECK(bob.browser().peers() == std::set<std::string>{"ada"});
    cluster.run(3s);
    CHECK(bob.browser().peers().empty());
    CHECK(bob.browser().streams() == 0);
}
