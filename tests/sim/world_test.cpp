#include "tests/sim/world.h"

#include <doctest/doctest.h>

#include <ctime>

#include "tests/sim/digest.h"

using namespace parley;
using namespace parley::sim;

namespace {

struct Alarm final : Waiter {
    explicit Alarm(World& in) : world(in), id(in.join(*this)) {}
    ~Alarm() override { world.leave(id); }
    void on_deadline() override {
        rung.push_back(world.now());
        if (every > 0us) world.set_deadline(id, world.now() + every);
    }

    World& world;
    World::WaiterId id;
    base::Duration every = 0us;
    std::vector<base::Instant> rung;
};

uint64_t hash_of_run(uint64_t seed) {
    World world(seed);
    base::SeededRandom random = world.fork_random();
    for (int i = 0; i < 20; ++i) {
        world.after(base::Duration(static_cast<int64_t>(random.below(1'000))),
                    [&world, i] { world.trace("step", static_cast<uint64_t>(i), 0, 0); });
    }
    world.run_until(world.now() + 1s);
    return world.trace_hash();
}

}  // namespace

TEST_CASE("what is due happens in the order of its time, then of its planning") {
    World world(1);
    std::string order;
    world.after(2ms, [&] { order += 'c'; });
    world.after(1ms, [&] { order += 'a'; });
    world.after(1ms, [&] { order += 'b'; });
    world.after(3ms, [&] { order += 'x'; });
    world.run_until(world.now() + 2ms);
    CHECK(order == "abc");
}

TEST_CASE("an event may plan another for the same instant, and it still happens") {
    World world(1);
    int happened = 0;
    world.after(1ms, [&] { world.after(0ms, [&] { ++happened; }); });
    world.run_until(world.now() + 1ms);
    CHECK(happened == 1);
}

TEST_CASE("a waiter is woken at its deadline, and never after it left") {
    World world(1);
    const base::Instant begin = world.now();
    Alarm alarm(world);
    alarm.every = 10ms;
    world.set_deadline(alarm.id, begin + 5ms);
    {
        Alarm gone(world);
        world.set_deadline(gone.id, begin + 1ms);
    }
    world.run_until(begin + 30ms);
    CHECK(alarm.rung == std::vector{begin + 5ms, begin + 15ms, begin + 25ms});
}

TEST_CASE("every library reads the world's clock") {
    World world(1);
    const time_t before = time(nullptr);
    world.run_until(world.now() + 3600s);
    CHECK(time(nullptr) == before + 3600);
}

TEST_CASE("the same seed gives the same hash, and another seed another") {
    CHECK(hash_of_run(7) == hash_of_run(7));
    CHECK(hash_of_run(7) != hash_of_run(8));
}

TEST_CASE("a broken law ends the run and names the seed") {
    World world(4411);
    bool later = false;
    world.after(1ms, [&] { world.broken("no voice leaves its room"); });
    world.after(2ms, [&] { later = true; });
    std::string said;
    try {
        world.run_until(world.now() + 1s);
    } catch (const LawBroken& broken) {
        said = broken.what();
    }
    CHECK(said.find("no voice leaves its room") != std::string::npos);
    CHECK(said.find("seed 4411") != std::string::npos);
    CHECK_FALSE(later);
}

TEST_CASE("bytes that differ in one bit have another digest") {
    std::vector<uint8_t> bytes(37, 0x55);
    const uint64_t digest = digest_of(bytes);
    for (size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] ^= 1;
        CHECK(digest_of(bytes) != digest);
        bytes[i] ^= 1;
    }
    CHECK(digest_of(base::Bytes(bytes).first(36)) != digest);
}
