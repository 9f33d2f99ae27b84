#include "tests/sim/ear.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

using namespace parley;
using namespace parley::sim;

namespace {

const base::Instant kBegin = base::Instant::from_micros(1'000'000'000);

// Spoken one after the other, a second of silence after the word numbered `pause_after`.
std::vector<Said> say(size_t words, size_t pause_after = SIZE_MAX) {
    std::vector<Said> said;
    base::Instant at = kBegin;
    for (size_t i = 0; i < words; ++i) {
        said.push_back({at, i > pause_after ? 2u : 1u, true});
        at += i == pause_after ? base::Duration(1s) : Mouth::kFrame;
    }
    return said;
}

std::vector<Heard::Arrival> hear_all_but(const std::vector<Said>& said,
                                         std::initializer_list<uint32_t> lost) {
    std::vector<Heard::Arrival> arrivals;
    for (uint32_t i = 0; i < said.size(); ++i) {
        if (std::ranges::find(lost, i) == lost.end()) arrivals.push_back({i, said[i].at + 50ms});
    }
    return arrivals;
}

Word word_of(uint32_t number) { return {1, 2, number, number * 960, true}; }

}  // namespace

TEST_CASE("a word is read back as it was written, and no other way") {
    std::array<uint8_t, kWordBytesMax> room{};
    for (const bool voice : {true, false}) {
        const Word word{7, 9, 123, 456, voice};
        const size_t size = write_word(word, room);
        const auto bytes = std::span(room).first(size);
        CHECK(parse_word(bytes) == word);
        CHECK_FALSE(parse_word(bytes.first(size - 1)));
        for (size_t i = 0; i < size; ++i) {
            bytes[i] ^= 4;
            CHECK(parse_word(bytes) != word);
            bytes[i] ^= 4;
        }
    }
}

TEST_CASE("the longest gap is the longest time in which something was said in vain") {
    const auto said = say(100);
    const base::Instant now = kBegin + 10s;
    CHECK(Heard(said, hear_all_but(said, {}), now).longest_gap() == 20ms);
    CHECK(Heard(said, hear_all_but(said, {50}), now).longest_gap() == 40ms);
    CHECK(Heard(said, hear_all_but(said, {50, 51, 70}), now).longest_gap() == 60ms);
    CHECK(Heard(said, hear_all_but(said, {97, 98, 99}), now).longest_gap() == 60ms);
    CHECK(Heard(said, {}, now).longest_gap() == base::Duration::max());
}

TEST_CASE("silence between two spurts is no gap") {
    const auto said = say(100, 49);
    const base::Instant now = kBegin + 10s;
    CHECK(Heard(said, hear_all_but(said, {}), now).longest_gap() == 20ms);
    CHECK(Heard(said, hear_all_but(said, {48, 49, 50}), now).longest_gap() == 40ms);
}

TEST_CASE("what comes too late was not heard, and what was just said is not judged yet") {
    const auto said = say(100);
    auto arrivals = hear_all_but(said, {});
    arrivals[50].at = said[50].at + 2s;
    CHECK(Heard(said, arrivals, kBegin + 10s).words() == 99);
    CHECK(Heard(said, {arrivals[0]}, kBegin + 1s).longest_gap() == 20ms);
}

TEST_CASE("a listener who came in the middle is judged from then on") {
    const auto said = say(100);
    const auto arrivals = hear_all_but(said, {0, 1, 2, 3, 4, 5});
    const Heard heard(said, arrivals, kBegin + 10s);
    CHECK(heard.longest_gap() == 20ms);
    CHECK(heard.said() == 94);
    CHECK(heard.since(kBegin).longest_gap() == 140ms);
    CHECK(heard.since(kBegin).until(kBegin + 60ms).words() == 0);
}

TEST_CASE("numbers that follow what was said are in order, with losses and late ones") {
    StreamOrder order;
    for (const uint16_t i : {0, 1, 2, 5, 4, 6}) {
        const uint16_t number = static_cast<uint16_t>(65'534 + i);  // over the wrap
        CHECK_FALSE(order.on_packet(number, 1'000u + i * 960u, word_of(i)));
    }
    CHECK(order.missing() == 1);
}

TEST_CASE("a pause skips words and no number") {
    StreamOrder order;
    CHECK_FALSE(order.on_packet(10, 9'600, word_of(1)));
    CHECK_FALSE(order.on_packet(11, 57'600, word_of(51)));
    CHECK(order.missing() == 0);
    CHECK(order.retimed() == 0);
    CHECK(order.on_packet(12, 57'600 + 960, word_of(101)));  // a second has passed
}

TEST_CASE("numbers or timestamps that contradict the words are noticed") {
    const auto second = [](uint16_t sequence_number, uint32_t timestamp, uint32_t word) {
        StreamOrder order;
        CHECK_FALSE(order.on_packet(100, 9'600, word_of(10)));
        return order.on_packet(sequence_number, timestamp, word_of(word)).value_or("");
    };
    CHECK(second(101, 10'560, 11) == "");
    CHECK(second(100, 10'560, 11) == "a sequence number came twice");
    CHECK(second(99, 8'640, 11) == "sequence numbers go the other way than words");
    CHECK(second(101, 9'600, 11) == "timestamps go the other way than numbers");
    CHECK(second(101, 30'000, 11) == "timestamps are not those of the words");
}

TEST_CASE("a word that was timed by the worker's clock is counted") {
    StreamOrder order;
    CHECK_FALSE(order.on_packet(100, 9'600, word_of(10)));
    CHECK_FALSE(order.on_packet(101, 10'560, word_of(11)));
    CHECK(order.retimed() == 0);
    CHECK_FALSE(order.on_packet(102, 11'521, word_of(12)));
    CHECK(order.retimed() == 1);
}

TEST_CASE("a mouth speaks every 20 ms, hums every 400 ms with nothing to say, and can be muted") {
    Mouth mouth(base::SeededRandom(1), kBegin);
    const auto until = [&](base::Instant end) {
        size_t voices = 0;
        while (mouth.next_deadline() < end) {
            voices += mouth.on_deadline(mouth.next_deadline()).voice;
        }
        return voices;
    };
    CHECK(until(kBegin + 4s) == 0);
    CHECK(mouth.said().size() == 10);
    mouth.speak(kBegin + 4s, 2s);
    CHECK(until(kBegin + 8s) == 100);
    CHECK(mouth.said().back().spurt == 1);
    mouth.set_muted(true);
    mouth.speak(kBegin + 8s, 1s);
    CHECK(until(kBegin + 10s) == 0);
    mouth.set_muted(false);
    mouth.speak(kBegin + 10s, 1s);
    CHECK(until(kBegin + 12s) == 50);
    CHECK(mouth.said().back().spurt == 2);
}
