#include "worker/rtp/missing_packets.h"

#include <doctest/doctest.h>

#include <vector>

using namespace parley;
using base::Instant;
using rtp::MissingPackets;

namespace {

using Numbers = std::vector<uint16_t>;

struct Stream {
    Instant now = Instant::from_micros(1'000'000'000);
    MissingPackets missing;

    bool hear(uint16_t number) { return missing.on_packet(now, number); }
    Numbers ask(base::Duration round_trip = 50ms) {
        const auto asked = missing.on_deadline(now, round_trip);
        return {asked.begin(), asked.end()};
    }
    // Asks at every deadline up to `span` from now; when, in ms from now, and for what.
    std::vector<std::pair<int64_t, Numbers>> asks_in(base::Duration span,
                                                     base::Duration round_trip) {
        std::vector<std::pair<int64_t, Numbers>> all;
        const Instant begin = now;
        while (missing.next_deadline() <= begin + span) {
            now = missing.next_deadline();
            const Numbers asked = ask(round_trip);
            if (!asked.empty()) all.emplace_back((now - begin) / 1ms, asked);
        }
        return all;
    }
};

}  // namespace

TEST_CASE("a stream without gaps waits for nothing") {
    Stream stream;
    for (uint16_t i = 65'530; i != 20; ++i) {
        CHECK_FALSE(stream.hear(i));
        CHECK(stream.missing.next_deadline().is_never());
    }
}

TEST_CASE("what was only overtaken is not asked for") {
    Stream stream;
    stream.hear(1);
    stream.hear(3);
    stream.now += limits::kOvertaken - 1ms;
    CHECK(stream.hear(2));
    CHECK(stream.missing.next_deadline().is_never());
    CHECK_FALSE(stream.hear(2));  // the second time it is a duplicate
}

TEST_CASE("what is lost is asked for, again when no answer came, and given up in time") {
    Stream stream;
    stream.hear(1);
    stream.hear(4);
    const auto asks = stream.asks_in(10s, 70ms);
    const std::vector<std::pair<int64_t, Numbers>> wanted = {
        {10, {2, 3}}, {90, {2, 3}}, {170, {2, 3}}};
    CHECK(asks == wanted);
    CHECK(stream.missing.next_deadline().is_never());
}

TEST_CASE("on a short way it is asked for only a few times") {
    Stream stream;
    stream.hear(1);
    stream.hear(3);
    CHECK(stream.asks_in(10s, 1ms).size() == limits::kRepairTries);
}

TEST_CASE("one that comes is not asked for again, the others are") {
    Stream stream;
    stream.hear(65'534);
    stream.hear(2);
    stream.now += limits::kOvertaken;
    CHECK(stream.ask() == Numbers{65'535, 0, 1});
    CHECK(stream.missing.newly_asked() == 3);
    CHECK(stream.hear(0));
    stream.now += 60ms;
    CHECK(stream.ask() == Numbers{65'535, 1});
    CHECK(stream.missing.newly_asked() == 0);
}

TEST_CASE("of a gap too wide the newest part is asked for, and a new beginning is no gap") {
    Stream stream;
    stream.hear(0);
    stream.hear(1'001);
    stream.now += limits::kOvertaken;
    const Numbers asked = stream.ask();
    CHECK(asked.size() == limits::kMissingPackets);
    CHECK(asked.front() == 1'001 - limits::kMissingPackets);
    CHECK(asked.back() == 1'000);
    stream.hear(30'000);
    CHECK(stream.missing.next_deadline().is_never());
}

TEST_CASE("after a reset nothing is missing") {
    Stream stream;
    stream.hear(1);
    stream.hear(5);
    stream.missing.reset();
    CHECK(stream.missing.next_deadline().is_never());
    stream.hear(50);
    CHECK(stream.missing.next_deadline().is_never());
}
