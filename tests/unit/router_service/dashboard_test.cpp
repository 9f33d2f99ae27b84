#include "router-service/dashboard.h"

#include <doctest/doctest.h>

#include <utility>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::beat_of;
using test::kStart;

struct Looked {
    base::SeededRandom random{1};
    RouterService core{{.settle = 0s}, random};
    Dashboard dashboard{77};
    ScaleSignal scale{.wanted = 2};
    Instant now = kStart;
    Outputs out;
    std::string since;

    Looked() { core.on_connected(kStart, out); }

    void hear(const cluster::Beat& beat) {
        core.on_delivery(now,
                         {.tag = 0,
                          .queue = "beats",
                          .key = cluster::load_key(beat.server),
                          .body = cluster::write(beat)},
                         out);
        for (const Output& one : std::exchange(out, {})) {
            if (const auto* line = std::get_if<Log>(&one)) dashboard.on_log(now, *line);
        }
    }
    JsonDocument ask(const std::string& from) {
        now += 1s;
        dashboard.on_sample(now, core, scale);
        auto answer =
            JsonDocument::parse(dashboard.answer(now, from, core, scale), {.bytes = 1 << 20});
        REQUIRE(answer);
        since = *answer->root()["since"].text();
        return std::move(*answer);
    }
    JsonDocument ask() { return ask(since); }
};

cluster::Beat hall_beat(uint64_t number, std::vector<std::string> overflow) {
    auto beat = beat_of("a", number, 1);
    auto room = test::room_of("hall", 5, 300);
    room.overflow = std::move(overflow);
    beat.rooms.push_back(room);
    return beat;
}

TEST_CASE("who looks first is told all, and then only what changes") {
    Looked looked;
    looked.hear(beat_of("a", 1, 1));
    const auto first = looked.ask();
    CHECK(first.root()["full"].flag() == true);
    CHECK(first.root()["now"].size() == 1);
    CHECK(first.root()["trends"].size() == 1);
    CHECK(first.root()["scale"]["wanted"].number() == 2);
    CHECK(first.root()["replica"]["connected"].flag() == true);
    CHECK(first.root()["happenings"][1][4].text() == "a");
    const auto second = looked.ask();
    CHECK(second.root()["full"].flag() == false);
    CHECK(second.root()["now"].size() == 0);
    CHECK(second.root()["happenings"].size() == 0);
    CHECK_FALSE(second.root()["overflow"].present());
    looked.hear(beat_of("a", 2, 3));
    CHECK(looked.ask().root()["now"][0][2].number() == 75);
}

TEST_CASE("what another process told, or nobody, is no place to go on from") {
    Looked looked;
    looked.hear(beat_of("a", 1, 1));
    looked.ask();
    CHECK(looked.ask(looked.since).root()["full"].flag() == false);
    for (const char* strange : {"", "77", "78.3", "77.", "77.x", "77.999999", "77.3x", "77.-1",
                                "77.18446744073709551615", "77.99999999999999999999999", ".3"}) {
        CAPTURE(strange);
        const auto answer = looked.ask(strange);
        CHECK(answer.root()["full"].flag() == true);
        CHECK(answer.root()["now"].size() == 1);
    }
}

TEST_CASE("a room that goes on in other servers is named while it does") {
    Looked looked;
    looked.hear(beat_of("b", 1, 1));
    looked.hear(hall_beat(1, {"b"}));
    const auto told = looked.ask();
    const Json hall = told.root()["overflow"]["rooms"][0];
    CHECK(told.root()["overflow"]["count"].number() == 1);
    CHECK(hall[0].text() == "hall");
    CHECK(hall[1].text() == "a");
    CHECK(hall[2].number() == 300);
    CHECK(hall[3][0].text() == "b");
    looked.hear(hall_beat(2, {}));
    CHECK(looked.ask().root()["overflow"]["count"].number() == 0);
    CHECK(looked.core.picture().rooms().overflow().empty());
    looked.core.ensure_invariants();
}

TEST_CASE("a room that overflowed and was closed leaves nothing behind") {
    Looked looked;
    looked.hear(hall_beat(1, {"b"}));
    auto closed = beat_of("a", 2, 1);
    closed.whole = false;
    closed.closed = {"hall"};
    looked.now += 1min;
    looked.hear(closed);
    CHECK(looked.core.picture().rooms().overflow().empty());
    looked.core.ensure_invariants();
}

TEST_CASE("what the placement would do next is said for any room and for each region") {
    Looked looked;
    auto beat = beat_of("a", 1, 1);
    beat.region = "eu";
    looked.hear(beat);
    looked.hear(beat_of("b", 1, 2));
    looked.scale.surplus = 1;
    const auto answer = looked.ask();
    const Json next = answer.root()["next"];
    CHECK(next["policy"].text() == "spread");
    CHECK(next["places"].size() == 2);
    CHECK(next["places"][0]["likely"][0][0].text() == "a");
    CHECK(next["places"][0]["likely"][0][2].number() == 100);
    CHECK(next["places"][1]["region"].text() == "eu");
    CHECK(next["drain"].size() == 1);
}

TEST_CASE("a different number of wanted servers is an event") {
    Looked looked;
    looked.ask();
    looked.scale.wanted = 5;
    looked.now += 10s;
    const auto answer = looked.ask();
    CHECK(answer.root()["happenings"][0][3].text() == "5 servers are wanted, there are 0");
}

TEST_CASE("events of the cluster are news; what can not be read is none") {
    Looked looked;
    looked.dashboard.on_event(looked.now, "{");
    looked.dashboard.on_event(
        looked.now,
        cluster::write(cluster::Event{.type = "server.draining", .at = looked.now, .server = "a"}));
    const auto answer = looked.ask();
    CHECK(answer.root()["happenings"].size() == 1);
    CHECK(answer.root()["happenings"][0][3].text() == "drains");
}

TEST_CASE("an hour of a thousand servers takes less than a megabyte") {
    Looked looked;
    for (int server = 0; server < 1'000; ++server) {
        auto beat = beat_of("server-" + std::to_string(server), 1, 1);
        beat.load.each.assign(16, 0.5);
        looked.hear(beat);
    }
    for (int look = 0; look < 400; ++look) {
        looked.now += 10s;
        looked.dashboard.on_sample(looked.now, looked.core, looked.scale);
    }
    looked.ask();
    CHECK(looked.dashboard.bytes() < 1024 * 1024);
    MESSAGE("bytes: " << looked.dashboard.bytes());
}

}  // namespace
}  // namespace parley::router_service
