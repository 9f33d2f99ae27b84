#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "common/base/random.h"
#include "worker/router/speakers.h"

using namespace parley;
using base::Instant;
using router::Speakers;

namespace {

constexpr int8_t kSpeech = -32, kLoud = -18, kCough = -10, kNoise = -55, kSilence = -127;

// Some people with microphones that send a level every 20 ms, and the floors that there are.
struct Floor {
    explicit Floor(size_t people, size_t wanted = 1) : floors(wanted) {
        for (size_t i = 0; i < people; ++i) numbers.push_back(speakers.add());
    }

    // For this long these are as loud as that, and all others silent.
    void pass(base::Duration time, std::map<size_t, int8_t> levels) {
        for (base::Duration at = 0us; at < time; at += 20ms, now += 20ms) {
            for (size_t i = 0; i < numbers.size(); ++i) {
                const auto level = levels.find(i);
                const auto before = heard();
                speakers.on_level(now, numbers[i],
                                  level == levels.end() ? kSilence : level->second);
                if (heard() != before) ++changes, changed_at = now;
            }
        }
    }

    // Who is heard, with as many floors as there are.
    std::set<size_t> heard() const {
        std::set<size_t> who;
        for (const auto number : speakers.ranking().first(std::min(floors, numbers.size()))) {
            who.insert(static_cast<size_t>(std::find(numbers.begin(), numbers.end(), number) -
                                           numbers.begin()));
        }
        return who;
    }

    Speakers speakers;
    std::vector<Speakers::Number> numbers;
    size_t floors;
    Instant now = Instant::from_micros(1'800'000'000'000'000);
    int changes = 0;
    Instant changed_at;
};

using Who = std::set<size_t>;

}  // namespace

TEST_CASE("in a quiet room the first loud packet is heard, whoever speaks") {
    Floor floor(20);
    floor.pass(5s, {});
    for (const size_t speaker : {7u, 19u, 0u}) {
        const Instant begin = floor.now;
        floor.pass(100ms, {{speaker, kSpeech}});
        CHECK(floor.heard() == Who{speaker});
        CHECK(floor.changed_at == begin);
        floor.pass(5s, {});
    }
}

TEST_CASE("a cough does not take the floor") {
    Floor floor(2);
    floor.pass(3s, {{0, kSpeech}});
    floor.pass(300ms, {{0, kSpeech}, {1, kCough}});
    CHECK(floor.heard() == Who{0});
    floor.pass(1s, {{0, kSpeech}});
    // Nor in a pause for breath.
    floor.pass(400ms, {});
    floor.pass(200ms, {{1, kCough}});
    CHECK(floor.heard() == Who{0});
}

TEST_CASE("the floor is kept over two seconds of thought, though others' microphones hiss") {
    Floor floor(6, 1);
    floor.pass(3s, {{2, kSpeech}, {4, kNoise}, {5, kNoise}});
    floor.pass(2s, {{4, kNoise}, {5, kNoise}});
    CHECK(floor.heard() == Who{2});
    floor.changes = 0;
    floor.pass(3s, {{2, kSpeech}, {4, kNoise}, {5, kNoise}});
    CHECK(floor.changes == 0);  // the next sentence is heard from its first packet
}

TEST_CASE("who is clearly louder and goes on takes the floor within a second, and not at once") {
    Floor floor(2);
    floor.pass(3s, {{0, kSpeech}});
    const Instant begin = floor.now;
    floor.pass(2s, {{0, kSpeech}, {1, kLoud}});
    CHECK(floor.heard() == Who{1});
    CHECK(floor.changed_at - begin >= 300ms);
    CHECK(floor.changed_at - begin <= 1s);
}

TEST_CASE("who answers after the other has ended is heard within the second") {
    Floor floor(2);
    floor.pass(3s, {{0, kSpeech}});
    for (size_t turn = 1; turn < 6; ++turn) {
        const Instant begin = floor.now;
        floor.pass(3s, {{turn % 2, kSpeech}});
        CHECK(floor.heard() == Who{turn % 2});
        CHECK(floor.changed_at - begin <= 900ms);
    }
    CHECK(floor.changes == 5);
}

TEST_CASE("two who alternate keep both of two floors, and a third may cough meanwhile") {
    Floor floor(3, 2);
    floor.pass(2s, {{0, kSpeech}});
    floor.pass(2s, {{2, kSpeech}});
    floor.changes = 0;
    for (size_t turn = 0; turn < 10; ++turn) {
        floor.pass(1'500ms, {{turn % 2 ? 0 : 2, kSpeech}});
        if (turn % 3 == 1) floor.pass(200ms, {{1, kCough}});
    }
    CHECK(floor.heard() == Who{0, 2});
    CHECK(floor.changes == 0);
}

TEST_CASE("with a hundred open microphones the three loudest are heard, and it stays so") {
    Floor floor(100, 3);
    base::SeededRandom random(5);
    std::map<size_t, int8_t> levels;
    for (size_t i = 0; i < 100; ++i) levels[i] = static_cast<int8_t>(-60 + (i * 37) % 20);
    levels[11] = -30, levels[57] = -28, levels[93] = -26;
    floor.pass(3s, levels);
    CHECK(floor.heard() == Who{11, 57, 93});
    floor.changes = 0;
    for (int i = 0; i < 200; ++i) {
        auto shaken = levels;
        for (auto& [who, level] : shaken) {
            level = static_cast<int8_t>(level + static_cast<int>(random.below(7)) - 3);
        }
        floor.pass(20ms, shaken);
    }
    CHECK(floor.heard() == Who{11, 57, 93});
    CHECK(floor.changes == 0);
}

TEST_CASE("the equally loud do not take turns") {
    Floor floor(100, 3);
    std::map<size_t, int8_t> levels;
    for (size_t i = 0; i < 100; ++i) levels[i] = kSpeech;
    floor.pass(2s, levels);
    floor.changes = 0;
    floor.pass(10s, levels);
    CHECK(floor.changes == 0);
}

TEST_CASE("whoever has to make way is the weakest of those who are heard") {
    Floor floor(20, 3);
    // In order of the floor, not of loudness: each begins while the ones before go on.
    floor.pass(2s, {{0, -40}});
    floor.pass(2s, {{0, -40}, {1, -48}});
    floor.pass(2s, {{0, -40}, {1, -48}, {2, -38}});
    CHECK(floor.heard() == Who{0, 1, 2});
    floor.pass(2s, {{0, -40}, {1, -48}, {2, -38}, {17, -30}});
    CHECK(floor.heard() == Who{0, 2, 17});
}

TEST_CASE("one who leaves makes room for the loudest without a rank") {
    Floor floor(30, Speakers::kUnranked);
    std::map<size_t, int8_t> levels;
    for (size_t i = 0; i < 30; ++i) levels[i] = i < 16 ? kSpeech : kNoise;
    levels[25] = kNoise + 4;
    floor.pass(3s, levels);
    REQUIRE_FALSE(floor.heard().contains(25));
    floor.speakers.remove(floor.now, floor.numbers[3]);
    CHECK(floor.speakers.ranking().size() == Speakers::kUnranked);
    CHECK(floor.speakers.ranking().back() == floor.numbers[25]);
    // The number is given again, to one of whom nothing has been heard.
    CHECK(floor.speakers.add() == floor.numbers[3]);
    CHECK(floor.speakers.rank_of(floor.numbers[3]) == Speakers::kUnranked);
}

TEST_CASE("one who was paused keeps the floor only until somebody speaks") {
    Floor floor(2);
    floor.pass(3s, {{0, kSpeech}});
    floor.speakers.silence(floor.numbers[0]);
    CHECK(floor.heard() == Who{0});
    floor.pass(20ms, {{1, kSpeech}});
    CHECK(floor.heard() == Who{1});
}

TEST_CASE("could_rise says no only of levels that never would") {
    Floor floor(20, 3);
    std::map<size_t, int8_t> levels;
    for (size_t i = 0; i < 16; ++i) levels[i] = -35;
    floor.pass(3s, levels);
    const auto outside = floor.numbers[18];
    REQUIRE(floor.speakers.rank_of(outside) == Speakers::kUnranked);
    CHECK_FALSE(floor.speakers.could_rise(floor.now, outside, kSilence));
    CHECK_FALSE(floor.speakers.could_rise(floor.now, outside, -36));
    CHECK(floor.speakers.could_rise(floor.now, outside, -25));
    // When the others have gone quiet a lower voice would.
    floor.pass(3s, {});
    CHECK(floor.speakers.could_rise(floor.now, outside, -45));
}

TEST_CASE("whatever levels come, every rank is one speaker's and every speaker knows his rank") {
    Floor floor(40);
    base::SeededRandom random(9);
    std::set<Speakers::Number> present(floor.numbers.begin(), floor.numbers.end());
    for (int i = 0; i < 50'000; ++i) {
        floor.now += base::Duration(static_cast<int64_t>(random.below(4'000)));
        const auto who = static_cast<Speakers::Number>(random.below(40));
        if (random.below(500) == 0) {
            if (present.erase(who)) {
                floor.speakers.remove(floor.now, who);
            } else {
                present.insert(floor.speakers.add());
            }
        } else if (present.contains(who)) {
            const auto dbov = static_cast<int8_t>(-static_cast<int>(random.below(128)));
            floor.speakers.on_level(floor.now, who, dbov);
        }
        const auto ranking = floor.speakers.ranking();
        REQUIRE(ranking.size() == std::min(present.size(), Speakers::kUnranked));
        for (size_t rank = 0; rank < ranking.size(); ++rank) {
            REQUIRE(present.contains(ranking[rank]));
            REQUIRE(floor.speakers.rank_of(ranking[rank]) == rank);
        }
        REQUIRE(std::set(ranking.begin(), ranking.end()).size() == ranking.size());
    }
}

TEST_CASE("who is withheld elsewhere makes way at once, and is believed at once when he is back") {
    Speakers speakers;
    const auto far = speakers.add(/*from_afar=*/true), near = speakers.add();
    Instant now = Instant::from_micros(1'800'000'000'000'000);
    const auto say = [&](Speakers::Number who, int8_t dbov, base::Duration time) {
        for (base::Duration at = 0us; at < time; at += 20ms, now += 20ms) {
            speakers.on_level(now, who, dbov);
        }
    };
    say(near, kSpeech, 1s);
    CHECK(speakers.rank_of(near) == 0);
    say(far, kLoud, 20ms);  // his own router knows that he is no cough
    CHECK(speakers.rank_of(far) == 0);
    say(far, kLoud, 1s);
    now += 100ms;
    say(near, kSpeech, 20ms);
    CHECK(speakers.rank_of(far) == 0);  // some packets were lost
    now += 100ms;
    say(near, kSpeech, 20ms);
    CHECK(speakers.rank_of(near) == 0);
}

TEST_CASE("who is heard from afar and pauses keeps his claim as others do") {
    Speakers speakers;
    const auto far = speakers.add(/*from_afar=*/true), near = speakers.add();
    Instant now = Instant::from_micros(1'800'000'000'000'000);
    for (int i = 0; i < 100; ++i, now += 20ms) speakers.on_level(now, far, kLoud);
    for (int i = 0; i < 10; ++i, now += 20ms) speakers.on_level(now, far, kSilence);
    now += 300ms;  // and an encoder with DTX sends nothing
    speakers.on_level(now, near, kSpeech);
    CHECK(speakers.rank_of(far) == 0);
    now += 400ms;  // longer than any encoder does
    speakers.on_level(now, near, kSpeech);
    CHECK(speakers.rank_of(near) == 0);
}
