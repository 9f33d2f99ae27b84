#include <doctest/doctest.h>

#include "tests/sim/cluster.h"

using namespace parley;
using namespace parley::sim;

namespace {

// Loss, jitter, a roaming phone, a dropped connection, a dead worker and a dead controller.
uint64_t hash_of_a_busy_minute(uint64_t seed) {
    Cluster cluster(seed);
    auto red = cluster.room("red"), blue = cluster.room("blue");
    auto ada = red.join("ada"), bob = red.join("bob"), carl = blue.join("carl");
    auto dora = blue.join("dora", {.numbered = false});
    for (Peer* peer : {&ada, &bob, &carl, &dora}) {
        peer->uplink() = peer->downlink() = {.loss = 0.05, .delay = 30ms, .jitter = 10ms};
        peer->speak(60s);
    }
    cluster.run(10s);
    ada.roam();
    bob.drop_signalling(2s);
    cluster.run(10s);
    cluster.kill_worker(0);
    cluster.run(10s);
    cluster.kill_controller();
    cluster.run(2s);
    cluster.start_controller();
    cluster.run(10s);
    return cluster.trace_hash();
}

}  // namespace

TEST_CASE("the same seed is the same world, byte for byte and microsecond for microsecond") {
    const uint64_t hash = hash_of_a_busy_minute(61);
    CHECK(hash_of_a_busy_minute(61) == hash);
    CHECK(hash_of_a_busy_minute(62) != hash);
}
