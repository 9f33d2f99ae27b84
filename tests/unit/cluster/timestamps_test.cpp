#include "common/cluster/timestamps.h"

#include <doctest/doctest.h>

using namespace parley;
using namespace parley::cluster;

TEST_CASE("a time is read back to the microsecond") {
    for (const int64_t micros : {int64_t{0}, int64_t{1}, int64_t{1'795'259'533'456'789},
                                 int64_t{253'402'300'799'999'999}}) {
        const auto at = base::Instant::from_micros(micros);
        CHECK(parse_timestamp(write_timestamp(at)) == at);
    }
    CHECK(write_timestamp(base::Instant::from_micros(1'795'259'533'456'789)) ==
          "2026-11-21T11:12:13.456789Z");
}

TEST_CASE("fractions of a second may be long, short or absent") {
    const auto whole = parse_timestamp("2026-11-21T11:12:13Z");
    REQUIRE(whole);
    CHECK(*parse_timestamp("2026-11-21T11:12:13.5Z") - *whole == 500ms);
    CHECK(*parse_timestamp("2026-11-21T11:12:13.000001999Z") - *whole == 1us);
    CHECK(parse_timestamp("2024-02-29T00:00:00Z"));
}

TEST_CASE("what is no time of ours is refused") {
    for (const char* text :
         {"", "2026", "2026-11-21", "2026-11-21T11:12:13", "2026-11-21T11:12:13+01:00",
          "2026-13-21T11:12:13Z", "2026-02-29T11:12:13Z", "2026-11-21T24:00:00Z",
          "2026-11-21T11:60:13Z", "2026-11-21T11:12:60Z", "2026-11-21T11:12:13.Z",
          "2026-11-21T11:12:13.0123456789Z", "1969-12-31T23:59:59Z", "2026-11-21T11:12:13Z ",
          "2026-11-21 11:12:13Z", "+026-11-21T11:12:13Z", "2026-11-21T11:12:13.4x6Z"}) {
        CAPTURE(text);
        CHECK(!parse_timestamp(text));
    }
}
