#include "worker/rtcp/ntp.h"

#include <doctest/doctest.h>

#include "worker/rtcp/sender_report_clock.h"

using namespace parley;
using namespace parley::rtcp;

namespace {

constexpr base::Instant kNow = base::Instant::from_micros(1'700'000'000'000'000);

ReportBlock answering(base::Instant sent, base::Duration delay) {
    ReportBlock block{};
    block.last_sr = middle32(ntp_of(sent));
    block.delay_since_last_sr = to_ntp_units(delay);
    return block;
}

}  // namespace

TEST_CASE("NTP counts from 1900, with a binary fraction") {
    const auto at = [](int64_t micros) { return ntp_of(base::Instant::from_micros(micros)); };
    CHECK(at(0) == 0x83aa7e80'00000000);
    CHECK(at(500'000) == 0x83aa7e80'80000000);
    CHECK(at(999'999) == 0x83aa7e80'ffffef39);
    CHECK(at(1'700'000'000'000'000) == (uint64_t{1'700'000'000 + 2'208'988'800} << 32));
    CHECK(middle32(0x0011'2233'4455'6677) == 0x22334455);
}

TEST_CASE("in 2036 the seconds begin again at zero") {
    const auto before = base::Instant::from_micros(2'085'978'495'000'000);
    CHECK(ntp_of(before) == 0xffffffff'00000000);
    CHECK(ntp_of(before + 1s) == 0);
    const auto measured = round_trip(before + 1'040ms, answering(before, 1s));
    REQUIRE(measured);
    CHECK(*measured >= 39ms);
    CHECK(*measured <= 40ms);
}

TEST_CASE("units of 1/65536 s are read and written to 16 us") {
    CHECK(from_ntp_units(0x00010000) == 1s);
    CHECK(from_ntp_units(0x00008000) == 500ms);
    CHECK(from_ntp_units(0xffffffff) == 65'535'999'984us);
    CHECK(to_ntp_units(1s) == 0x00010000);
    CHECK(to_ntp_units(-1s) == 0);
    CHECK(to_ntp_units(65'535'999'999us) == 0xffffffff);
    CHECK(to_ntp_units(65'536s) == 0xffffffff);
    CHECK(to_ntp_units(1'000'000s) == 0xffffffff);
}

TEST_CASE("the round trip of RFC 3550, figure 2") {
    // A = 0xb710:8000, LSR = 0xb705:2000, DLSR = 0x0005:4000: 6.125 s to and fro.
    ReportBlock block{};
    block.last_sr = 0xb7052000;
    block.delay_since_last_sr = 0x00054000;
    // 0xb44db705:20000000 is when the report was sent; the answer came at 0xb44db710:80000000.
    const auto heard =
        base::Instant::from_micros((int64_t{0xb44db710} - 2'208'988'800) * 1'000'000 + 500'000);
    CHECK(round_trip(heard, block) == 6'125ms);
}

TEST_CASE("there is no round trip before a report was heard, nor one below zero") {
    CHECK_FALSE(round_trip(kNow, ReportBlock{}));
    CHECK_FALSE(round_trip(kNow, answering(kNow - 100ms, 101ms)));
    CHECK_FALSE(round_trip(kNow, answering(kNow + 1s, 0us)));
}

TEST_CASE("the round trip is true to some units, whenever it is measured") {
    for (int64_t i = 0; i < 1'000; ++i) {
        const auto sent = kNow + base::Duration(i * 70'000'003);  // over the wraps of 18 hours
        const auto measured = round_trip(sent + 250ms + 83ms, answering(sent, 250ms));
        REQUIRE(measured);
        REQUIRE(*measured >= 83ms - 32us);
        REQUIRE(*measured <= 83ms + 32us);
    }
}

TEST_CASE("a producer's clock is carried on from its latest report") {
    SenderReportClock clock(48'000);
    CHECK_FALSE(clock.at(kNow));
    CHECK(clock.last_sr() == 0);
    CHECK(clock.delay_since_last_sr(kNow) == 0);

    clock.on_sender_report(kNow, {1, 0x1122334455667788, 0xffffff00, 0, 0});
    CHECK(clock.last_sr() == 0x33445566);
    CHECK(clock.delay_since_last_sr(kNow + 250ms) == 0x4000);
    const auto reading = clock.at(kNow + 1s);
    REQUIRE(reading);
    CHECK(reading->rtp_timestamp == static_cast<uint32_t>(0xffffff00 + 48'000));
    CHECK(reading->ntp == ntp_of(kNow + 1s));

    clock.on_sender_report(kNow + 2s, {1, 0x2233445566778899, 5, 0, 0});
    CHECK(clock.at(kNow + 2s)->rtp_timestamp == 5);
    CHECK(clock.at(kNow + 24h)->rtp_timestamp ==
          static_cast<uint32_t>(5 + (24 * 3'600 - 2) * int64_t{48'000}));
}
