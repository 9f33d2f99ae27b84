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
    CHECK(bob.rooms_heard() == std::set<std::string>{"standup"});
}
