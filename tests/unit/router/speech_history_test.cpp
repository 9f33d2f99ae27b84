#include "worker/router/speech_history.h"

#include <doctest/doctest.h>

using namespace parley;
using namespace parley::router;

namespace {

struct Microphone {
    void send(int8_t dbov, int times, base::Duration every = 20ms) {
        for (int i = 0; i < times; ++i, now += every) history.on_level(now, dbov);
    }
    SpeechCounts counts() { return history.counts(now - 20ms); }  // as of the latest frame

    base::Instant now = base::Instant::from_micros(1'700'000'000'000'000);
    SpeechHistory history;
};

}  // namespace

TEST_CASE("nothing heard is silence on every scale") {
    SpeechHistory history;
    const auto counts = history.counts(base::Instant::from_micros(1'700'000'000'000'000));
    CHECK(counts.immediate == 0);
    CHECK(counts.medium == 0);
    CHECK(counts.long_term == 0);
}

TEST_CASE("the three scales fill one after the other") {
    Microphone ada;
    ada.send(-25, 1);
    CHECK(ada.counts().immediate == 10);  // 30 dB above a room that nothing is known of
    CHECK(ada.counts().medium == 1);
    CHECK(ada.counts().long_term == 0);
    ada.send(-25, 4);
    CHECK(ada.counts().medium == 5);
    CHECK(ada.counts().long_term == 1);
    ada.send(-25, 45);
    CHECK(ada.counts().long_term == 10);
    ada.send(-60, 2);
    CHECK(ada.counts().immediate == 9);  // as between two syllables; the noise rose by 1 dB
    CHECK(ada.counts().medium == 3);
    ada.send(-60, 3);
    CHECK(ada.counts().immediate == 0);
    CHECK(ada.counts().medium == 0);
    CHECK(ada.counts().long_term == 9);
    ada.send(-60, 45);
    CHECK(ada.counts().long_term == 0);
}

TEST_CASE("a frame is active from 12 dB above the noise") {
    Microphone loud, quiet;
    loud.send(-43, 1);
    quiet.send(-44, 1);
    CHECK(loud.counts().medium == 1);
    CHECK(quiet.counts().medium == 0);
}

TEST_CASE("long packets have no holes, but those who stop sending are silent") {
    Microphone ada;
    ada.send(-25, 17, 60ms);
    CHECK(ada.counts().medium == 5);
    CHECK(ada.counts().long_term == 10);
    CHECK(ada.history.counts(ada.now + 20ms).immediate == 10);  // 80 ms after the last packet
    CHECK(ada.history.counts(ada.now + 40ms).immediate == 0);
    CHECK(ada.history.counts(ada.now + 2s).long_term == 0);
}

TEST_CASE("two packets in one frame count as the louder") {
    Microphone ada;
    ada.send(-25, 2, 10ms);
    CHECK(ada.history.counts(ada.now).immediate == 10);
    Microphone bob;
    bob.send(-25, 1, 10ms);
    bob.send(-60, 1, 10ms);
    CHECK(bob.history.counts(bob.now - 20ms).immediate == 10);
}

TEST_CASE("the noise goes down at once, up by 1 dB a second, and not out of bounds") {
    Microphone ada;
    ada.send(-60, 1);
    CHECK(ada.history.noise_dbov() == -60);
    ada.send(-30, 50);
    CHECK(ada.history.noise_dbov() == -59);
    ada.send(-30, 50);
    CHECK(ada.history.noise_dbov() == -58);
    ada.send(-30, 5'000);
    CHECK(ada.history.noise_dbov() == -45);
    ada.send(-99, 1);
    CHECK(ada.history.noise_dbov() == -70);
}

TEST_CASE("a muted microphone says nothing of the noise") {
    Microphone ada;
    ada.send(-50, 1);
    ada.send(-127, 100);
    CHECK(ada.history.noise_dbov() == -55);
}
