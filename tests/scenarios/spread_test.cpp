#include <doctest/doctest.h>

#include <set>

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

using Names = std::set<std::string>;

// Twelve people who hear in two slots each and all talk, over three workers; p0 and p7 are the
// loudest, p4 comes next, and of the others nobody is clearly louder than any.
struct Arena {
    static constexpr uint32_t kWorkers = 3, kSlots = 2;

    explicit Arena(uint64_t seed)
        : cluster(seed, {.workers = kWorkers, .controller = {.worker_load_most = 0.0024}}),
          arena(cluster.room("arena")) {
        for (int i = 0; i < 12; ++i) {
            PeerOptions options;
            options.slots = kSlots;
            options.softer = static_cast<uint8_t>(i == 0 || i == 7 ? 0 : i == 4 ? 8 : 20);
            people.push_back(arena.join("p" + std::to_string(i), options));
        }
        REQUIRE(cluster.settle());
        for (Peer& person : people) {
            REQUIRE(person.in_room());
            person.speak(300s);
        }
        cluster.run(4s);
        REQUIRE(cluster.machine().core().room("arena").value().workers.size() == kWorkers);
    }

    // Packets that have gone from worker to worker so far.
    uint64_t crossed() {
        uint64_t packets = 0;
        for (uint32_t i = 0; i < kWorkers; ++i) {
            cluster.machine().worker(i)->engine().media().routers().for_each(
                [&](const router::Router& router) {
                    for (const auto& each : router.pipe_ends().consumers()) {
                        packets += each->stream().packets_sent();
                    }
                });
        }
        return packets;
    }

    // Everybody hears the two loudest of the whole room, but never themselves.
    void check_heard_since(base::Instant since) {
        for (Peer& listener : people) {
            Names heard, loudest = {"p0", "p7"};
            if (loudest.erase(listener.name())) loudest.insert("p4");
            for (Peer& speaker : people) {
                const bool any = listener.heard(speaker).since(since).anything();
                if (any) heard.insert(speaker.name());
            }
            CHECK(heard == loudest);
        }
    }

    Cluster cluster;
    Room arena;
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

TEST_CASE("of twelve who talk in three workers the loudest cross, and are heard by all") {
    Arena arena(64);
    const uint64_t before = arena.crossed();
    const base::Instant since = arena.cluster.now();
    arena.cluster.run(5s);
    arena.check_heard_since(since);
    // Each worker sends each other as many as there are slots, 50 packets a second.
    const uint64_t most = Arena::kWorkers * (Arena::kWorkers - 1) * Arena::kSlots * 250;
    CHECK(arena.crossed() - before <= most + most / 20);
    CHECK(arena.crossed() - before >= most / 4);
}

TEST_CASE("when a worker of three or the controller dies, the loudest are soon heard by all") {
    Arena arena(65);
    arena.cluster.kill_controller();
    arena.cluster.run(3s);
    arena.cluster.start_controller();
    arena.cluster.run(10s);
    base::Instant since = arena.cluster.now();
    arena.cluster.run(3s);
    arena.check_heard_since(since);
    arena.cluster.kill_worker(arena.cluster.machine().core().room("arena").value().workers[1]);
    arena.cluster.run(15s);
    since = arena.cluster.now();
    arena.cluster.run(3s);
    arena.check_heard_since(since);
}
