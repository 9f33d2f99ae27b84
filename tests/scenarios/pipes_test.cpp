#include <doctest/doctest.h>

#include "tests/sim/spread_cluster.h"

using namespace parley;
using namespace parley::sim;
using controller::workers::PipeState;

namespace {

constexpr Conditions kRough{
    .loss = 0.05, .duplication = 0.02, .reordering = 0.05, .delay = 40ms, .jitter = 15ms};

}  // namespace

TEST_CASE("behind a pipe is heard what is heard beside the speaker, over a rough way between") {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
        CAPTURE(seed);
        SpreadCluster cluster(seed, {.way = kRough});
        SpreadPerson& ada = cluster.join("standup", 0, "ada");
        SpreadPerson& bob = cluster.join("standup", 0, "bob");
        SpreadPerson& cid = cluster.join("standup", 1, "cid");
        cluster.introduce_all();
        ada.speak(20s);
        cid.speak(20s);
        cluster.run(22s);

        const size_t beside = bob.heard(ada).words();
        CHECK(beside == 1'000);
        CHECK(cid.heard(ada).words() >= beside * 998 / 1'000);
        CHECK(cid.heard(ada).longest_gap() <= 60ms);
        CHECK(bob.heard(cid).longest_gap() <= 60ms);
        CHECK(cid.ears().retimed() == 0);
        const auto stats = cluster.pipe_stats(1, 0);
        CHECK(stats.repaired > 30);
        CHECK(stats.round_trip_ms > 79);
        CHECK(stats.round_trip_ms < 200);
    }
}

TEST_CASE("two rooms over three workers: everyone hears their own room, over the same pipes") {
    SpreadCluster cluster(11, {.workers = 3, .way = kRough});
    std::vector<SpreadPerson*> red, blue;
    for (uint32_t at = 0; at < 3; ++at) {
        for (const char* who : {"one", "two"}) {
            const std::string name = who + std::to_string(at);
            red.push_back(&cluster.join("red", at, name + " of red"));
            blue.push_back(&cluster.join("blue", at, name + " of blue"));
        }
    }
    cluster.introduce_all();
    for (SpreadPerson* person : red) person->speak(10s);
    for (SpreadPerson* person : blue) person->speak(10s);
    cluster.run(12s);
    for (const auto* room : {&red, &blue}) {
        for (const SpreadPerson* listener : *room) {
            for (const SpreadPerson* speaker : *room) {
                if (listener == speaker) continue;
                INFO(listener->name() << " listens to " << speaker->name());
                CHECK(listener->heard(*speaker).longest_gap() <= 60ms);
                CHECK(listener->heard(*speaker).words() >= 490);
            }
        }
    }
}

TEST_CASE("a pipe between ends of which one cannot mend carries what is not lost") {
    for (const uint32_t plain : {0u, 1u}) {
        CAPTURE(plain);
        SpreadCluster cluster(21, {.way = kRough, .without_repair = {plain}});
        SpreadPerson& ada = cluster.join("standup", 0, "ada");
        SpreadPerson& cid = cluster.join("standup", 1, "cid");
        cluster.introduce_all();
        ada.speak(20s);
        cluster.run(22s);
        CHECK(cid.heard(ada).words() > 900);
        CHECK(cid.heard(ada).words() < 985);
        CHECK(cluster.pipe_stats(1, 0).missing == 0);
        CHECK(cluster.pipe_stats(0, 1).retransmissions_sent == 0);
    }
}

TEST_CASE("a way between workers that breaks is reported, and heard on when it is whole again") {
    SpreadCluster cluster(31, {});
    SpreadPerson& ada = cluster.join("standup", 0, "ada");
    SpreadPerson& bob = cluster.join("standup", 0, "bob");
    SpreadPerson& cid = cluster.join("standup", 1, "cid");
    cluster.introduce_all();
    ada.speak(40s);
    cluster.run(5s);
    cluster.worker(0).way_out().loss = cluster.worker(1).way_out().loss = 1;
    cluster.run(10s);
    using States = std::vector<PipeState>;
    CHECK(cluster.worker(0).told() ==
          States{PipeState::Connecting, PipeState::Connected, PipeState::Silent});
    cluster.worker(0).way_out().loss = cluster.worker(1).way_out().loss = 0;
    const base::Instant whole = cluster.world().now();
    cluster.run(5s);
    CHECK(cluster.worker(1).told().back() == PipeState::Connected);
    CHECK(cid.heard(ada).since(whole + 200ms).longest_gap() == 20ms);
    CHECK(bob.heard(ada).longest_gap() == 20ms);  // who is beside the speaker noticed nothing
}

TEST_CASE("the same seed gives the same trace, pipes and all") {
    const auto trace = [](uint64_t seed) {
        SpreadCluster cluster(seed, {.way = kRough});
        SpreadPerson& ada = cluster.join("standup", 0, "ada");
        cluster.join("standup", 1, "cid");
        cluster.introduce_all();
        ada.speak(3s);
        cluster.run(4s);
        return cluster.world().trace_hash();
    };
    CHECK(trace(41) == trace(41));
    CHECK(trace(41) != trace(42));
}
