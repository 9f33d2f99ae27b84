#include <doctest/doctest.h>

#include "tests/sim/cluster.h"

using namespace parley;
using namespace parley::sim;

namespace {

// A room too large for one worker: six people, two or three in each of three workers. So many of
// the three are another server's.
struct Hall {
    explicit Hall(uint64_t seed, uint32_t lent = 0)
        : cluster(seed,
                  {.workers = 3 - lent, .controller = {.loans = lent, .worker_load_most = 0.0013}}),
          hall(cluster.room("hall")) {
        for (const char* name : {"ada", "bob", "cat", "dan", "eve", "fay"}) {
            people.push_back(hall.join(name));
        }
        REQUIRE(cluster.settle());
        for (Peer& person : people) {
            REQUIRE(person.in_room());
            person.speak(300s);
        }
        cluster.run(3s);
    }

    std::vector<controller::WorkerIndex> workers() {
        return cluster.machine().core().room("hall").value().workers;
    }
    // The longest that anybody has not heard anybody, since then.
    base::Duration longest_gap(base::Instant since) {
        base::Duration longest{};
        for (Peer& listener : people) {
            for (Peer& speaker : people) {
                if (listener.name() == speaker.name()) continue;
                longest = std::max(longest, listener.heard(speaker).since(since).longest_gap());
            }
        }
        return longest;
    }

    Cluster cluster;
    Room hall;
    std::vector<Peer> people;
};

}  // namespace

TEST_CASE("in a room over three workers everyone hears everyone without a gap") {
    Hall hall(61);
    REQUIRE(hall.workers().size() == 3);
    const base::Instant before = hall.cluster.now();
    hall.cluster.run(10s);
    CHECK(hall.longest_gap(before) == 20ms);
}

TEST_CASE("a worker of three dies: those elsewhere go on hearing each other, and soon all do") {
    Hall hall(62);
    REQUIRE(hall.workers().size() == 3);
    hall.cluster.kill_worker(hall.workers()[1]);
    hall.cluster.run(10s);
    size_t untouched = 0;
    for (Peer& listener : hall.people) {
        for (Peer& speaker : hall.people) {
            if (listener.name() == speaker.name()) continue;
            CHECK(listener.heard(speaker).longest_gap() <= 2s);
            const bool moved = listener.browser().rebuilds() + speaker.browser().rebuilds() > 0;
            if (moved) continue;
            ++untouched;
            CHECK(listener.heard(speaker).longest_gap() == 20ms);
        }
    }
    CHECK(untouched > 0);
    const base::Instant before = hall.cluster.now();
    hall.cluster.run(3s);
    CHECK(hall.longest_gap(before) == 20ms);
}

TEST_CASE("the controller of a room over three workers dies, and nobody hears of it") {
    Hall hall(63);
    const base::Instant before = hall.cluster.now();
    hall.cluster.kill_controller();
    hall.cluster.run(3s);
    hall.cluster.start_controller();
    hall.cluster.run(20s);
    CHECK(hall.workers().size() == 3);
    CHECK(hall.longest_gap(before) == 20ms);
}

TEST_CASE("the controller of a room over lent workers dies, and nobody hears of it") {
    Hall hall(64, 2);
    const auto servers = [&] {
        return hall.cluster.machine().core().room("hall").value().overflow.size();
    };
    REQUIRE(hall.workers().size() == 1);
    REQUIRE(servers() == 2);
    const base::Instant before = hall.cluster.now();
    hall.cluster.kill_controller();
    hall.cluster.run(3s);
    hall.cluster.start_controller();
    hall.cluster.run(20s);
    CHECK(servers() == 2);
    CHECK(hall.longest_gap(before) == 20ms);
}
