#include <doctest/doctest.h>

#include <map>
#include <memory>

#include "common/base/deadline_queue.h"
#include "common/base/flat_map.h"
#include "common/base/handle.h"
#include "common/base/random.h"

using namespace parley;
using namespace parley::base;

TEST_CASE("a stale handle is a miss, also when another moved in") {
    Slab<int> slab;
    const auto first = slab.insert([](auto) { return std::make_unique<int>(1); });
    CHECK(*slab.find(first) == 1);
    CHECK(slab.erase(first));
    CHECK_FALSE(slab.erase(first));
    const auto second = slab.insert([](auto) { return std::make_unique<int>(2); });
    CHECK(second.index == first.index);
    CHECK(slab.find(first) == nullptr);
    CHECK(*slab.find(second) == 2);
    CHECK(slab.find(Handle<int>{}) == nullptr);
    CHECK(slab.size() == 1);
}

// Every key lands in one of four places: the longest probe chains that there can be.
struct CrowdedHash {
    uint64_t operator()(uint64_t key) const { return key & 3; }
};

TEST_CASE_TEMPLATE("a flat map holds what a std::map holds after any history", Hash,
                   FlatHash<uint64_t>, CrowdedHash) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
        SeededRandom random(seed);
        FlatMap<uint64_t, uint64_t, Hash> map;
        std::map<uint64_t, uint64_t> model;
        for (int step = 0; step < 1000; ++step) {
            const uint64_t key = random.below(50);
            if (random.below(3) == 0) {
                CHECK(map.erase(key) == (model.erase(key) == 1));
            } else {
                model[key] = random.u64();
                map.insert(key, model[key]);
            }
        }
        CHECK(map.size() == model.size());
        for (uint64_t key = 0; key < 50; ++key) {
            const auto known = model.find(key);
            const uint64_t* found = map.find(key);
            REQUIRE((found != nullptr) == (known != model.end()));
            if (found) CHECK(*found == known->second);
        }
    }
}

TEST_CASE("deadlines come out in order of time, each key once, moved or taken out or not") {
    for (uint64_t seed = 0; seed < 20; ++seed) {
        SeededRandom random(seed);
        DeadlineQueue<uint32_t> queue;
        std::map<uint32_t, Instant> model;
        for (int step = 0; step < 500; ++step) {
            const auto key = static_cast<uint32_t>(random.below(40));
            const Instant at = random.below(4) == 0
                                   ? Instant::never()
                                   : Instant::from_micros(static_cast<int64_t>(random.below(1000)));
            queue.set(key, at);
            if (at.is_never()) {
                model.erase(key);
            } else {
                model[key] = at;
            }
        }
        CHECK(queue.size() == model.size());
        Instant last = Instant::from_micros(-1);
        uint32_t key = 0;
        while (!queue.next_deadline().is_never()) {
            const Instant due = queue.next_deadline();
            CHECK_FALSE(queue.pop_due(due - 1us, key));
            REQUIRE(queue.pop_due(due, key));
            CHECK(model.at(key) == due);
            CHECK(due >= last);
            last = due;
            model.erase(key);
        }
        CHECK(model.empty());
    }
}
