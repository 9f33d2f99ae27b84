#include <array>

#include "tests/scenarios/swarm.h"

namespace parley::sim {

namespace {

// 5 % lost in each direction: one word of ten does not arrive.
constexpr Conditions kLossy{.loss = 0.05, .delay = 25ms, .jitter = 15ms};

void tell_crowd(uint64_t seed, size_t rooms, size_t people, base::Duration how_long,
                Outcome& outcome) {
    Crowd crowd(seed, rooms, people, kLossy);
    outcome.expect(crowd.cluster().settle(30s), "not everybody was connected");
    const base::Instant begin = crowd.cluster().now();
    crowd.talk(how_long);
    crowd.cluster().run(4s);
    crowd.judge(begin, 0.8, 300ms, outcome);
    outcome.passed_time(how_long);
}

void lossy(uint64_t seed, Outcome& outcome) { tell_crowd(seed, 3, 6, 20s, outcome); }

void two_hundred(uint64_t seed, Outcome& outcome) { tell_crowd(seed, 10, 20, 60s, outcome); }

// Everybody roams now and then, some without knowing it.
void roaming(uint64_t seed, Outcome& outcome) {
    Crowd crowd(seed, 2, 5, kLossy);
    outcome.expect(crowd.cluster().settle(30s), "not everybody was connected");
    for (int i = 0; i < 15; ++i) {
        Peer& peer = crowd.somebody();
        crowd.cluster().random().below(3) == 0 ? peer.rebind() : peer.roam();
        crowd.talk(2s);
    }
    // Consent on an old path ends at the latest now.
    crowd.talk(36s);
    const base::Instant calm = crowd.cluster().now();
    crowd.talk(10s);
    crowd.cluster().run(4s);
    crowd.judge(calm, 0.8, 300ms, outcome);
    outcome.passed_time(76s);
}

// One of the many things that go wrong in a day.
void mishap(Crowd& crowd) {
    Cluster& cluster = crowd.cluster();
    Peer& peer = crowd.somebody();
    const auto some_time = [&](uint64_t ms) {
        return base::Duration(cluster.random().below(ms) * 1ms);
    };
    switch (cluster.random().below(9)) {
        case 0: cluster.kill_worker(static_cast<uint32_t>(cluster.random().below(4))); break;
        case 1:
            if (cluster.machine().alive()) cluster.kill_controller();
            cluster.run(some_time(6'000));
            cluster.start_controller();
            break;
        case 2:
        case 3: peer.drop_signalling(some_time(9'000), some_time(5'000)); break;
        case 4: peer.roam(); break;
        case 5: peer.restart_ice(); break;
        case 6: peer.mute(); cluster.run(some_time(2'000)); peer.unmute(); break;
        case 7: peer.uplink().loss = peer.downlink().loss = 0.5; break;
        case 8: {
            auto& people = crowd.people()[cluster.random().below(crowd.people().size())];
            Room& room = crowd.rooms()[static_cast<size_t>(&people - crowd.people().data())];
            people.front().leave();
            cluster.run(some_time(1'500));
            people.front() = room.join(people.front().name(), {.slots = crowd.slots()});
            break;
        }
    }
}

// Anything may happen at any time; when it no longer does, everybody is together again.
void tell_chaos(uint64_t seed, uint32_t slots, const controller::Options& options,
                Outcome& outcome) {
    Crowd crowd(seed, 3, 4, kLossy, slots, options);
    const base::Instant begin = crowd.cluster().now();
    crowd.cluster().run(base::Duration(crowd.cluster().random().below(800) * 1ms));
    for (int i = 0; i < 12; ++i) {
        mishap(crowd);
        crowd.talk(base::Duration(crowd.cluster().random().below(4'000) * 1ms));
    }
    for (auto& people : crowd.people()) {
        for (Peer& peer : people) peer.uplink() = peer.downlink() = kLossy;
    }
    crowd.cluster().run(45s);
    const bool together = crowd.cluster().settle(60s);
    outcome.expect(together, "not together again: " + crowd.cluster().unsettled());
    const base::Instant calm = crowd.cluster().now();
    crowd.talk(8s);
    crowd.cluster().run(4s);
    crowd.judge(calm, 0.8, 300ms, outcome);
    outcome.passed_time(crowd.cluster().now() - begin);
}

void chaos(uint64_t seed, Outcome& outcome) { tell_chaos(seed, 0, {}, outcome); }

// There is a slot for everybody else: whoever has which, nothing may be missed.
void slots(uint64_t seed, Outcome& outcome) { tell_chaos(seed, 3, {}, outcome); }

// Workers so small that hardly a room fits one.
void spread(uint64_t seed, Outcome& outcome) {
    tell_chaos(seed, seed % 2 == 0 ? 3 : 0, {.worker_load_most = 0.0013}, outcome);
}

// Two of the workers are another server's, which die like ours.
void lent(uint64_t seed, Outcome& outcome) {
    tell_chaos(seed, seed % 2 == 0 ? 3 : 0,
               {.server = "home", .loans = 2, .worker_load_most = 0.0013}, outcome);
}

// The same seed twice, with all of the above in it.
void same(uint64_t seed, Outcome& outcome) {
    const auto hash = [&] {
        Crowd crowd(seed, 2, 3, kLossy);
        for (int i = 0; i < 4; ++i) {
            crowd.talk(2s);
            mishap(crowd);
        }
        crowd.talk(10s);
        return crowd.cluster().trace_hash();
    };
    outcome.expect(hash() == hash(), "the same seed gave two different traces");
    outcome.passed_time(40s);
}

constexpr std::array<Story, 8> kStories = {{
    {"lossy", "18 people in 3 rooms for 20 s, with 5 % loss each way", 8, lossy},
    {"roaming", "10 people whose addresses change", 6, roaming},
    {"chaos", "whatever can go wrong, and then peace", 25, chaos},
    {"slots", "the same, with three slots for most of them", 15, slots},
    {"spread", "the same, in rooms that are spread over workers", 15, spread},
    {"lent", "the same, in two workers and two that another server lends", 15, lent},
    {"same", "the same seed gives the same trace", 4, same},
    {"two hundred", "200 people in 10 rooms for 60 s, with 5 % loss each way", 3, two_hundred},
}};

}  // namespace

std::span<const Story> stories() { return kStories; }

}  // namespace parley::sim
