#include "worker/router/audio_level_observer.h"

#include <doctest/doctest.h>

using namespace parley;
using namespace parley::router;

namespace {

constexpr base::Instant kBegin = base::Instant::from_micros(1'700'000'000'000'000);
constexpr uint64_t kAda = 1001, kBob = 1002, kEve = 1003;

// Listens every second to who is above -60 dBov, and names the two loudest.
struct Listening {
    void say(uint64_t who, int8_t dbov, int times = 10) {
        const uint32_t slot = observer.add(who);  // the one it has
        for (int i = 0; i < times; ++i) observer.on_level(slot, dbov);
    }
    bool tick() { return observer.on_deadline(now += 1s, volumes); }

    base::Instant now = kBegin;
    AudioLevelObserver observer{{1s, -60, 2}, kBegin};
    std::vector<Volume> volumes;
};

using Volumes = std::vector<Volume>;

}  // namespace

TEST_CASE("the loudest come first, and no more of them than asked for") {
    Listening room;
    room.say(kAda, -30);
    room.say(kBob, -20);
    room.say(kEve, -40);
    CHECK(room.tick());
    CHECK(room.volumes == Volumes{{kBob, -20}, {kAda, -30}});
}

TEST_CASE("a mean of levels is rounded to the nearest") {
    Listening room;
    room.say(kAda, -30, 9);
    room.say(kAda, -34, 1);  // -30.4
    room.say(kBob, -30, 9);
    room.say(kBob, -36, 1);  // -30.6
    room.tick();
    CHECK(room.volumes == Volumes{{kAda, -30}, {kBob, -31}});
}

TEST_CASE("ten levels are enough and nine are not") {
    Listening room;
    room.say(kAda, -20, 9);
    room.say(kBob, -30, 10);
    room.tick();
    CHECK(room.volumes == Volumes{{kBob, -30}});
}

TEST_CASE("the threshold itself is heard, and what is below it is not") {
    Listening room;
    room.say(kAda, -60);
    room.say(kBob, -61);
    room.tick();
    CHECK(room.volumes == Volumes{{kAda, -60}});
}

TEST_CASE("the extremes of the scale are told apart from nothing") {
    AudioLevelObserver observer({1s, -127, 10}, kBegin);
    const uint32_t ada = observer.add(kAda), bob = observer.add(kBob);
    observer.add(kEve);
    for (int i = 0; i < 10; ++i) observer.on_level(ada, -127), observer.on_level(bob, 0);
    Volumes volumes;
    CHECK(observer.on_deadline(kBegin + 1s, volumes));
    CHECK(volumes == Volumes{{kBob, 0}, {kAda, -127}});
}

TEST_CASE("silence is said once, and not before anything was heard") {
    Listening room;
    CHECK_FALSE(room.tick());
    room.say(kAda, -30);
    CHECK(room.tick());
    CHECK(room.tick());
    CHECK(room.volumes.empty());
    CHECK_FALSE(room.tick());
    room.say(kAda, -30);
    CHECK(room.tick());
    CHECK(room.volumes.size() == 1);
}

TEST_CASE("an interval hears nothing of the one before") {
    Listening room;
    room.say(kAda, -20);
    room.tick();
    room.say(kAda, -40);
    room.tick();
    CHECK(room.volumes == Volumes{{kAda, -40}});
    room.say(kAda, -20, 9);
    room.tick();
    CHECK(room.volumes.empty());
}

TEST_CASE("who pauses or leaves within the interval is not named") {
    Listening room;
    room.say(kAda, -20);
    room.say(kBob, -20);
    room.say(kEve, -20);
    room.observer.set_paused(kAda, true);
    room.say(kAda, -20);
    room.observer.remove(kBob);
    room.tick();
    CHECK(room.volumes == Volumes{{kEve, -20}});
    room.say(kAda, -20);  // still paused after the interval
    room.tick();
    CHECK(room.volumes.empty());
    room.observer.set_paused(kAda, false);
    room.say(kAda, -25);
    room.tick();
    CHECK(room.volumes == Volumes{{kAda, -25}});
}

TEST_CASE("a newcomer in the slot of one who left begins with nothing") {
    Listening room;
    const uint32_t slot = room.observer.add(kAda);
    CHECK(room.observer.add(kAda) == slot);
    CHECK(room.observer.add(kBob) != slot);
    room.say(kAda, -20);
    room.observer.set_paused(kAda, true);
    room.observer.remove(kAda);
    room.observer.remove(kAda);
    CHECK(room.observer.add(kEve) == slot);
    CHECK(room.observer.add(1004) != slot);
    CHECK_FALSE(room.tick());
    room.say(kEve, -30);
    room.tick();
    CHECK(room.volumes == Volumes{{kEve, -30}});
}

TEST_CASE("who was never added can be paused and removed without harm") {
    Listening room;
    room.observer.set_paused(kAda, true);
    room.observer.remove(kAda);
    room.say(kAda, -30);
    CHECK(room.tick());
}

TEST_CASE("deadlines keep their beat, and a late turn is not made up for") {
    Listening room;
    AudioLevelObserver& observer = room.observer;
    room.say(kAda, -30);
    CHECK(observer.next_deadline() == kBegin + 1s);
    CHECK_FALSE(observer.on_deadline(kBegin + 999ms, room.volumes));
    CHECK(observer.on_deadline(kBegin + 1'100ms, room.volumes));
    CHECK(observer.next_deadline() == kBegin + 2s);
    observer.on_deadline(kBegin + 5'500ms, room.volumes);
    CHECK(observer.next_deadline() == kBegin + 6'500ms);
}
