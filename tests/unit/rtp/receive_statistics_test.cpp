#include "worker/rtp/receive_statistics.h"

#include <doctest/doctest.h>

using namespace parley;
using namespace parley::rtp;
using Arrival = ReceiveStatistics::Arrival;

namespace {

// A stream of 20 ms packets of 100 bytes that takes no time on the way, unless said otherwise.
struct Stream {
    Arrival hear(uint16_t sequence_number, base::Duration late = 0us) {
        const auto turn = static_cast<uint16_t>(sequence_number - begin);
        const auto at = base::Instant::from_micros(1'700'000'000'000'000) + turn * 20ms + late;
        return statistics.on_packet(at, sequence_number, 1000u + 960u * turn, 100);
    }
    void hear_all(uint16_t first, int count) {
        for (int i = 0; i < count; ++i) hear(static_cast<uint16_t>(first + i));
    }
    ReceptionReport report() { return statistics.report(base::Instant::from_micros(0)); }

    uint16_t begin = 0;
    ReceiveStatistics statistics{48'000};
};

}  // namespace

TEST_CASE("the very first packet counts: nobody loses the first word") {
    Stream stream;
    CHECK(stream.report().highest_sequence_number == 0);
    CHECK(stream.statistics.cumulative_lost() == 0);
    CHECK(stream.hear(500) == Arrival::InOrder);
    CHECK(stream.statistics.packets() == 1);
    CHECK(stream.statistics.bytes() == 100);
    CHECK(stream.report().highest_sequence_number == 500);
    CHECK(stream.report().cumulative_lost == 0);
}

TEST_CASE("loss is what is missing between the first and the highest") {
    Stream stream;
    stream.hear_all(0, 10);
    stream.hear_all(15, 5);
    const auto report = stream.report();
    CHECK(report.cumulative_lost == 5);
    CHECK(report.fraction_lost == 5 * 256 / 20);
    CHECK(stream.statistics.fraction_lost() == 64);
    stream.hear_all(20, 10);
    CHECK(stream.report().fraction_lost == 0);  // of the interval, not of all time
    CHECK(stream.report().cumulative_lost == 5);
}

TEST_CASE("an interval in which nothing came has no fraction; one in which all was lost has 255") {
    Stream stream;
    stream.hear(0);
    stream.report();
    CHECK(stream.report().fraction_lost == 0);
    stream.hear(2999);
    CHECK(stream.report().fraction_lost == 255);
}

TEST_CASE("a report says what time its fraction speaks for") {
    ReceiveStatistics statistics(48'000);
    CHECK(statistics.report(base::Instant::from_micros(5)).interval == 0us);
    CHECK(statistics.report(base::Instant::from_micros(1'000'005)).interval == 1s);
}

TEST_CASE("late packets are told from duplicates, and mend the loss") {
    Stream stream;
    stream.hear_all(0, 10);
    stream.hear_all(20, 90);
    CHECK(stream.statistics.cumulative_lost() == 10);
    CHECK(stream.hear(12) == Arrival::Reordered);
    CHECK(stream.hear(12) == Arrival::Duplicate);
    CHECK(stream.hear(109) == Arrival::Duplicate);
    CHECK(stream.hear(9) == Arrival::Duplicate);
    // RFC 3550 counts duplicates as received.
    CHECK(stream.statistics.cumulative_lost() == 10 - 4);
    CHECK(stream.statistics.packets() == 104);
}

TEST_CASE("duplicates alone make the loss negative, and never the fraction") {
    Stream stream;
    stream.hear(0);
    for (int i = 0; i < 4; ++i) stream.hear(0);
    const auto report = stream.report();
    CHECK(report.cumulative_lost == -4);
    CHECK(report.fraction_lost == 0);
}

TEST_CASE("a sequence number is forgotten when its place is needed") {
    Stream stream;
    stream.hear_all(0, 200);
    stream.hear(300);  // those between lie where 72 to 171 did
    for (uint16_t number = 200; number < 300; ++number) {
        CHECK(stream.hear(number) == Arrival::Reordered);
    }
    CHECK(stream.hear(200) == Arrival::Duplicate);
    stream.hear(2000);
    CHECK(stream.hear(1999) == Arrival::Reordered);
    CHECK(stream.hear(1900) == Arrival::Reordered);
}

TEST_CASE("the sequence number is extended at each wrap, late packets or not") {
    Stream stream{.begin = 65530};
    stream.hear_all(65530, 6);
    CHECK(stream.hear(1) == Arrival::InOrder);
    CHECK(stream.hear(0) == Arrival::Reordered);
    CHECK(stream.hear(65535) == Arrival::Duplicate);
    CHECK(stream.statistics.extended_highest_sequence_number() == 0x10001);
    CHECK(stream.statistics.cumulative_lost() == -1);
    stream.hear_all(2, 65534);
    CHECK(stream.hear(0) == Arrival::InOrder);
    CHECK(stream.statistics.extended_highest_sequence_number() == 0x20000);
    CHECK(stream.statistics.cumulative_lost() == -1);
}

TEST_CASE("a stray packet is set aside, and changes nothing") {
    Stream stream;
    stream.hear_all(0, 50);
    CHECK(stream.hear(30000) == Arrival::Probation);
    CHECK(stream.hear(50) == Arrival::InOrder);
    CHECK(stream.hear(30001) == Arrival::Probation);  // the good one between has cleared it
    CHECK(stream.statistics.packets() == 51);
    CHECK(stream.statistics.cumulative_lost() == 0);
}

TEST_CASE("the edges of what is still the same stream") {
    Stream ahead, beyond, behind, before;
    for (Stream* stream : {&ahead, &beyond, &behind, &before}) stream->hear(1000);
    CHECK(ahead.hear(1000 + 3000) == Arrival::InOrder);
    CHECK(beyond.hear(1000 + 3001) == Arrival::Probation);
    CHECK(behind.hear(1000 - 100) == Arrival::Reordered);
    CHECK(before.hear(1000 - 101) == Arrival::Probation);
}

TEST_CASE("a sender that begins anew is believed at its second packet, and counted from there") {
    Stream stream;
    stream.hear_all(0, 50);
    stream.hear_all(60, 10);
    stream.report();
    CHECK(stream.hear(40000) == Arrival::Probation);
    CHECK(stream.hear(40001) == Arrival::InOrder);
    CHECK(stream.hear(40002) == Arrival::InOrder);
    const auto report = stream.report();
    CHECK(report.highest_sequence_number == 40002);
    CHECK(report.cumulative_lost == 0);
    CHECK(report.fraction_lost == 0);
    CHECK(stream.statistics.packets() == 62);
    CHECK(stream.hear(39940) == Arrival::Reordered);  // though it lies where 4 did
}

TEST_CASE("a sender that begins anew has not been late by the difference of its timestamps") {
    ReceiveStatistics statistics(48'000);
    const auto at = base::Instant::from_micros(1'700'000'000'000'000);
    statistics.on_packet(at, 1, 0, 100);
    statistics.on_packet(at + 20ms, 40'000, 96'000, 100);
    statistics.on_packet(at + 40ms, 40'001, 96'960, 100);
    CHECK(statistics.jitter_ticks() == 0);
}

TEST_CASE("cumulative loss stays within 24 signed bits") {
    Stream stream;
    uint16_t number = 0;
    stream.hear(number);
    for (int i = 0; i < 2900; ++i) stream.hear(number = static_cast<uint16_t>(number + 3000));
    CHECK(stream.statistics.cumulative_lost() == 0x7fffff);
}

TEST_CASE("a steady stream has no jitter, over wraps and through DTX") {
    Stream stream{.begin = 65500};
    stream.hear_all(65500, 100);
    CHECK(stream.statistics.jitter_ticks() == 0);
    stream.hear(600);  // the timestamp went on with the time
    CHECK(stream.statistics.jitter_ticks() == 0);
}

TEST_CASE("jitter is the smoothed difference of transit times, RFC 3550 A.8") {
    Stream stream;
    stream.hear(0);
    stream.hear(1, 10'500us);  // 504 ticks late: 504 sixteenths
    CHECK(stream.statistics.jitter_ticks() == 31);
    for (uint16_t i = 2; i < 5; ++i) stream.hear(i, 10'500us);  // none later than the one before
    CHECK(stream.statistics.jitter_ticks() == 25);  // 504, 472, 442, 414: less a rounded 16th
    for (uint16_t i = 5; i < 500; ++i) stream.hear(i, i % 2 ? 0ms : 10ms);
    CHECK(stream.statistics.jitter_ticks() == doctest::Approx(480).epsilon(0.02));
}

TEST_CASE("a sender that changes its timestamps has not been late by hours") {
    ReceiveStatistics statistics(48'000);
    const auto at = base::Instant::from_micros(1'700'000'000'000'000);
    statistics.on_packet(at, 1, 0, 100);
    statistics.on_packet(at + 20ms, 2, 0x40000000, 100);
    statistics.on_packet(at + 40ms, 3, 0x40000000 + 960, 100);
    CHECK(statistics.jitter_ticks() == 0);
}

TEST_CASE("what was dropped unread is not lost, and what was lost beside it is") {
    Stream stream;
    stream.hear_all(0, 10);
    for (int i = 10; i < 15; ++i) stream.statistics.on_passed_over();  // 15 and 16 never came
    stream.hear(17);
    CHECK(stream.report().cumulative_lost == 2);
    CHECK(stream.statistics.packets() == 16);
    // More than the gap has room for are somebody's inventions.
    for (int i = 0; i < 100; ++i) stream.statistics.on_passed_over();
    stream.hear(20);
    CHECK(stream.report().cumulative_lost == 2);
    CHECK(stream.hear(19) == Arrival::Reordered);  // a forged number is not taken
    stream.hear(22);
    CHECK(stream.report().cumulative_lost == 2);
}

TEST_CASE("a number is closely ahead only of a stream that is known") {
    Stream stream;
    CHECK(stream.statistics.closely_ahead(1, 16) == 0);
    stream.hear(65'530);
    CHECK(stream.statistics.closely_ahead(65'530, 16) == 0);
    CHECK(stream.statistics.closely_ahead(65'529, 16) == 0);
    CHECK(stream.statistics.closely_ahead(65'531, 16) == 1);
    CHECK(stream.statistics.closely_ahead(10, 16) == 16);
    CHECK(stream.statistics.closely_ahead(11, 16) == 0);
}
