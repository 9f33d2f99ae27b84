#include "worker/router/active_speaker_observer.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "common/base/random.h"

using namespace parley;
using namespace parley::router;

namespace {

constexpr base::Instant kBegin = base::Instant::from_micros(1'700'000'000'000'000);
constexpr uint64_t kAda = 1001, kBob = 1002, kEve = 1003;

// Levels of a person at a microphone, one each 20 ms: syllables and the gaps between them while
// they talk, the noise of their room while they do not.
class Person {
public:
    Person(uint64_t seed, int8_t loudness, int8_t noise)
        : random_(seed), loudness_(loudness), noise_(noise) {}

    bool talks = false;

    int8_t next_level() {
        if (left_ == 0) {
            in_syllable_ = !in_syllable_;
            left_ = in_syllable_ ? 8 + random_.below(8) : 1 + random_.below(5);
        }
        --left_;
        const auto wobble = static_cast<int8_t>(random_.below(7));
        const int8_t loud = talks && in_syllable_ ? loudness_ : noise_;
        return static_cast<int8_t>(loud - wobble);
    }

private:
    base::SeededRandom random_;
    int8_t loudness_;
    int8_t noise_;
    bool in_syllable_ = false;
    uint64_t left_ = 0;
};

// Three people with microphones of their own kind, and who took the floor when.
class Room {
public:
    struct Taken {
        uint64_t who;
        base::Duration at;  // since the beginning
    };

    explicit Room(uint64_t seed) {
        people_.emplace(kAda, Person(seed * 3, -25, -60));
        people_.emplace(kBob, Person(seed * 3 + 1, -38, -66));  // quiet
        people_.emplace(kEve, Person(seed * 3 + 2, -28, -52));  // beside a fan
        for (const auto& [id, person] : people_) slots_[id] = observer.add(id);
    }

    Person& operator[](uint64_t id) { return people_.at(id); }

    void run(base::Duration span) {
        for (const auto end = now_ + span; now_ < end; now_ += 20ms) {
            for (auto& [id, person] : people_) {
                const int8_t level = person.next_level();
                if (!silent_.contains(id)) observer.on_level(now_, slots_[id], level);
            }
            if (now_ < observer.next_deadline()) continue;
            if (const auto who = observer.on_deadline(now_)) taken.push_back({*who, now_ - kBegin});
        }
    }

    // One of them talks alone for a while.
    void talk(uint64_t id, base::Duration span) {
        people_.at(id).talks = true;
        run(span);
        people_.at(id).talks = false;
    }

    void stop_sending(uint64_t id) { silent_[id] = true; }

    ActiveSpeakerObserver observer{{300ms}, kBegin};
    std::vector<Taken> taken;

private:
    std::map<uint64_t, Person> people_;
    std::map<uint64_t, uint32_t> slots_;
    std::map<uint64_t, bool> silent_;
    base::Instant now_ = kBegin;
};

template <typename Scenario>
void for_seeds(Scenario scenario) {
    for (uint64_t seed = 1; seed <= 100; ++seed) {
        CAPTURE(seed);
        scenario(seed);
    }
}

}  // namespace

TEST_CASE("nobody holds the floor of a quiet room") {
    for_seeds([](uint64_t seed) {
        Room room(seed);
        room.run(30s);
        REQUIRE(room.taken.empty());
        REQUIRE_FALSE(room.observer.dominant());
    });
}

TEST_CASE("who talks takes the floor, with any microphone; nearly always within a second") {
    int within_a_second = 0;
    for (const uint64_t who : {kAda, kBob, kEve}) {
        for_seeds([&](uint64_t seed) {
            Room room(seed);
            room.run(5s);
            room.talk(who, 3s);
            REQUIRE(room.taken.size() == 1);
            REQUIRE(room.taken[0].who == who);
            REQUIRE(room.taken[0].at - 5s >= 400ms);
            if (room.taken[0].at - 5s <= 1s) ++within_a_second;
        });
    }
    CHECK(within_a_second >= 285);  // of 300
}

TEST_CASE("a cough does not take the floor, neither in silence nor from a speaker") {
    for_seeds([](uint64_t seed) {
        Room room(seed);
        room.run(3s);
        room.talk(kEve, 300ms);
        room.run(2s);
        REQUIRE(room.taken.empty());
        room.talk(kAda, 3s);
        room.talk(kEve, 300ms);
        room.run(3s);
        room[kAda].talks = true;
        room.run(2s);
        room.talk(kEve, 300ms);  // over her words
        room.run(2s);
        REQUIRE(room.taken.size() == 1);
        REQUIRE(room.taken[0].who == kAda);
    });
}

TEST_CASE("those who take turns hold the floor in turn") {
    for_seeds([](uint64_t seed) {
        Room room(seed);
        room.run(2s);
        const std::vector<uint64_t> order = {kAda, kBob, kAda, kEve, kBob, kEve};
        for (const uint64_t who : order) room.talk(who, 4s);
        std::vector<uint64_t> heard;
        for (size_t i = 0; i < room.taken.size(); ++i) {
            heard.push_back(room.taken[i].who);
            REQUIRE(room.taken[i].at - 2s - 4s * static_cast<int>(i) <= 2s);
        }
        REQUIRE(heard == order);
    });
}

TEST_CASE("silence leaves the floor to whoever spoke last") {
    for_seeds([](uint64_t seed) {
        Room room(seed);
        room.run(2s);
        room.talk(kAda, 3s);
        room.run(30s);
        REQUIRE(room.observer.dominant() == kAda);
        REQUIRE(room.taken.size() == 1);
    });
}

TEST_CASE("a holder whose packets cease, as with DTX, can be followed by another") {
    for_seeds([](uint64_t seed) {
        Room room(seed);
        room.run(2s);
        room[kAda].talks = true;
        room.run(3s);
        room.stop_sending(kAda);  // in the middle of a syllable
        room.talk(kBob, 3s);
        REQUIRE(room.observer.dominant() == kBob);
    });
}

TEST_CASE("a holder who leaves frees the floor, and one who pauses can be followed") {
    Room room(1);
    room.run(2s);
    room[kAda].talks = true;
    room.run(3s);
    REQUIRE(room.observer.dominant() == kAda);
    room.observer.set_paused(kAda, true);
    CHECK(room.observer.dominant() == kAda);
    room.talk(kBob, 3s);
    REQUIRE(room.observer.dominant() == kBob);
    room.observer.set_paused(kAda, false);
    room.run(3s);
    CHECK(room.observer.dominant() == kAda);
    room.observer.remove(kEve);
    CHECK(room.observer.dominant() == kAda);
    room.observer.remove(kAda);
    CHECK_FALSE(room.observer.dominant());
}

TEST_CASE("what was said before a pause does not count after it") {
    Room room(1);
    room.run(2s);
    room[kAda].talks = true;
    room.run(480ms);
    room.observer.set_paused(kAda, true);
    room.observer.set_paused(kAda, false);
    room.run(300ms);
    CHECK_FALSE(room.observer.dominant());
}

namespace {

// Who takes the floor from Ada after a second that is given to the frame: ten blocks of five
// frames, each digit the frames that are loud at the beginning of one.
std::optional<uint64_t> taken_from_ada(const std::map<uint64_t, std::string>& second) {
    ActiveSpeakerObserver observer({1s}, kBegin);
    std::map<uint64_t, uint32_t> slots;
    for (const uint64_t id : {kAda, kBob, kEve}) slots[id] = observer.add(id);
    const auto run = [&](base::Instant begin, const std::map<uint64_t, std::string>& blocks) {
        for (int frame = 0; frame < 50; ++frame) {
            const auto now = begin + (frame + 1) * 20ms;
            for (const auto& [id, loud] : blocks) {
                const bool is_loud = frame % 5 < loud.at(static_cast<size_t>(frame / 5)) - '0';
                observer.on_level(now, slots[id], is_loud ? -25 : -60);
            }
        }
        return observer.on_deadline(begin + 1s);
    };
    REQUIRE(run(kBegin, {{kAda, "5555555555"}}) == kAda);
    return run(kBegin + 1s, second);
}

}  // namespace

TEST_CASE("who is silent at the moment does not take the floor") {
    CHECK_FALSE(taken_from_ada({{kAda, "0000000000"}, {kBob, "5555555552"}}));
    CHECK(taken_from_ada({{kAda, "0000000000"}, {kBob, "5555555553"}}) == kBob);
}

TEST_CASE("a breath of the holder does not give the floor away") {
    CHECK_FALSE(taken_from_ada({{kAda, "0000000001"}, {kBob, "5555555555"}}));
    CHECK(taken_from_ada({{kAda, "0000000000"}, {kBob, "5555555555"}}) == kBob);
}

TEST_CASE("a challenger has to have said more of the last second than the holder") {
    CHECK_FALSE(taken_from_ada({{kAda, "5555500000"}, {kBob, "0000055555"}}));
    CHECK(taken_from_ada({{kAda, "5555500000"}, {kBob, "0000555555"}}) == kBob);
}

TEST_CASE("a challenger has to have filled half of the last second") {
    CHECK_FALSE(taken_from_ada({{kAda, "0000000000"}, {kBob, "0000023555"}}));
    CHECK(taken_from_ada({{kAda, "0000000000"}, {kBob, "0000033555"}}) == kBob);
}

TEST_CASE("of two challengers the one who says more just now takes the floor") {
    CHECK(taken_from_ada({{kAda, "0000000000"}, {kBob, "5555555553"}, {kEve, "0000555555"}}) ==
          kEve);
    CHECK(taken_from_ada({{kAda, "0000000000"}, {kBob, "0000555555"}, {kEve, "5555555553"}}) ==
          kBob);
}

TEST_CASE("deadlines keep their beat, and a late turn is not made up for") {
    ActiveSpeakerObserver observer({300ms}, kBegin);
    CHECK(observer.next_deadline() == kBegin + 300ms);
    CHECK_FALSE(observer.on_deadline(kBegin + 299ms));
    CHECK(observer.next_deadline() == kBegin + 300ms);
    observer.on_deadline(kBegin + 310ms);
    CHECK(observer.next_deadline() == kBegin + 600ms);
    observer.on_deadline(kBegin + 10s);
    CHECK(observer.next_deadline() == kBegin + 10'300ms);
}
