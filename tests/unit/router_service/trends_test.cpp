#include "router-service/trends.h"

#include <doctest/doctest.h>

#include <optional>
#include <utility>

#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::beat_of;
using test::kStart;

struct Hour {
    Picture picture{1};
    Trends trends;
    uint64_t version = 0;

    bool look(Instant now, uint32_t wanted = 3) {
        ScaleSignal scale{.wanted = wanted};
        scale.sample.load = 1.5;
        return trends.on_sample(now, picture, scale, ++version);
    }
    Json written(uint64_t since) {
        JsonWriter json;
        trends.write(json, since);
        auto parsed = JsonDocument::parse(json.take(), {.bytes = 1 << 20});
        REQUIRE(parsed);
        document.emplace(std::move(*parsed));
        return document->root();
    }
    std::optional<JsonDocument> document;
};

TEST_CASE("of each ten seconds one look is kept, and of the hour all of them") {
    Hour hour;
    int kept = 0;
    for (int second = 0; second < 2 * 3600; ++second) {
        kept += hour.look(kStart + second * 1s) ? 1 : 0;
    }
    CHECK(kept == 720);
    CHECK(hour.trends.size() == Trends::kMost);
    CHECK(hour.trends[Trends::kMost - 1].at - hour.trends[0].at == 1h);
    CHECK(hour.written(0).size() == Trends::kMost);
}

TEST_CASE("a look says load, people and servers; who knows it already is told nothing") {
    Hour hour;
    auto beat = beat_of("a", 1, 1.5);
    beat.load.peers = 12;
    beat.rooms.push_back(test::room_of("standup", 5, 12));
    hour.picture.on_beat(kStart, beat);
    REQUIRE(hour.look(kStart, 4));
    const Json look = hour.written(0)[0];
    CHECK(look[0].number() == uint64_t(kStart.micros() / 1'000'000));
    CHECK(look[1].real() == 1.5);
    CHECK(look[4].number() == 12);
    CHECK(look[5].number() == 1);
    CHECK(look[7].number() == 4);
    CHECK(hour.written(hour.version).size() == 0);
    const uint64_t known = hour.version;
    hour.look(kStart + 10s);
    CHECK(hour.written(known).size() == 1);
}

TEST_CASE("people on a lost server are nobody's any more") {
    Hour hour;
    auto beat = beat_of("a", 1, 1.5);
    beat.load.peers = 12;
    hour.picture.on_beat(kStart, beat);
    hour.picture.on_deadline(kStart + 1min);
    hour.look(kStart + 1min);
    CHECK(hour.trends[0].people == 0);
}

}  // namespace
}  // namespace parley::router_service
