#include "router-service/rooms.h"

#include <doctest/doctest.h>

#include <map>

#include "common/base/random.h"
#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::beat_of;
using test::kStart;
using test::room_of;
using Verdict = Rooms::Verdict;

// Servers a, b and c at the places 0, 1 and 2.
struct Three {
    Servers servers{1};
    Rooms rooms{1};

    Three() {
        for (const char* id : {"a", "b", "c"}) servers.on_beat(kStart, beat_of(id, 1));
    }
    Verdict report(ServerIndex from, const cluster::RoomReport& report) {
        const Verdict verdict = rooms.on_report(servers, from, report).verdict;
        rooms.ensure_invariants();
        return verdict;
    }
    std::optional<ServerIndex> home(std::string_view room) const {
        const auto found = rooms.find(room);
        if (!found) return std::nullopt;
        return rooms[*found].home;
    }
};

TEST_CASE("the home of a room is who reports it, until it is closed") {
    Three three;
    CHECK(three.report(0, room_of("standup", 1, 0)) == Verdict::New);
    CHECK(three.report(0, room_of("standup", 1, 5)) == Verdict::Known);
    CHECK(three.home("standup") == 0);
    CHECK(three.rooms[*three.rooms.find("standup")].peers == 5);
    CHECK_FALSE(three.home("other"));

    CHECK_FALSE(three.rooms.on_closed(1, "standup"));
    CHECK(three.rooms.on_closed(0, "standup"));
    CHECK_FALSE(three.home("standup"));
    CHECK(three.rooms.size() == 0);
    three.rooms.ensure_invariants();
}

TEST_CASE("of two homes the higher epoch wins, then more peers, then the smaller server") {
    Three three;
    three.report(1, room_of("epoch", 1, 9));
    CHECK(three.report(2, room_of("epoch", 2, 0)) == Verdict::Moved);
    CHECK(three.report(0, room_of("epoch", 1, 9)) == Verdict::Disputed);
    CHECK(three.home("epoch") == 2);

    three.report(1, room_of("peers", 1, 2));
    CHECK(three.report(2, room_of("peers", 1, 3)) == Verdict::Moved);
    CHECK(three.report(0, room_of("peers", 1, 2)) == Verdict::Disputed);
    CHECK(three.home("peers") == 2);

    three.report(1, room_of("id", 1, 2));
    CHECK(three.report(2, room_of("id", 1, 2)) == Verdict::Disputed);
    CHECK(three.report(0, room_of("id", 1, 2)) == Verdict::Moved);
    CHECK(three.home("id") == 0);
}

TEST_CASE("who lost a room is in dispute until it has given it up") {
    Three three;
    three.report(0, room_of("standup", 1));
    three.report(1, room_of("standup", 2));
    REQUIRE(three.rooms.disputes_of(0).size() == 1);
    CHECK(three.rooms.disputes_of(0)[0].room == "standup");
    CHECK(three.rooms.disputes_of(0)[0].epoch == 2);

    SUBCASE("by saying that it is closed") {
        CHECK_FALSE(three.rooms.on_closed(0, "standup"));
    }
    SUBCASE("by a whole beat without it") {
        CHECK(three.rooms.on_whole(0, {}).empty());
    }
    SUBCASE("by taking it back under a higher epoch") {
        CHECK(three.report(0, room_of("standup", 3)) == Verdict::Moved);
        CHECK(three.rooms.disputes_of(1).size() == 1);
        three.rooms.on_closed(1, "standup");
    }
    CHECK(three.rooms.disputes() == 0);
    CHECK(three.home("standup"));
}

TEST_CASE("a room that was moved and closed does not come back with its late former home") {
    Three three;
    three.report(0, room_of("standup", 1, 3));
    three.report(1, room_of("standup", 2, 3));
    three.rooms.on_closed(1, "standup");
    CHECK(three.report(0, room_of("standup", 1, 3)) == Verdict::Disputed);
    CHECK_FALSE(three.home("standup"));

    three.rooms.on_closed(0, "standup");
    CHECK(three.report(0, room_of("standup", 1)) == Verdict::New);
}

TEST_CASE("a whole beat tells what it does not name, and nobody else's") {
    Three three;
    for (const char* id : {"x", "y", "z"}) three.report(0, room_of(id));
    three.report(1, room_of("w"));
    const auto missing = three.rooms.on_whole(0, {"z", "x"});
    REQUIRE(missing.size() == 1);
    CHECK(three.rooms[missing[0]].id == "y");
}

TEST_CASE("rooms of one anti-affinity are counted where they are, whatever becomes of them") {
    Three three;
    auto report = room_of("one");
    report.options.anti_affinity = "stage";
    three.report(0, report);
    report.room = "two";
    three.report(0, report);
    REQUIRE(three.rooms.together("stage"));
    CHECK(three.rooms.together("stage")->at(0) == 2);

    report.epoch = 2;
    three.report(1, report);
    CHECK(three.rooms.together("stage")->at(0) == 1);
    CHECK(three.rooms.together("stage")->at(1) == 1);

    report.options.anti_affinity = "";
    three.report(1, report);
    CHECK_FALSE(three.rooms.together("stage")->contains(1));
    three.rooms.on_closed(0, "one");
    CHECK_FALSE(three.rooms.together("stage"));
}

TEST_CASE("options go with their room, and equal ones are kept once") {
    Three three;
    auto report = room_of("one");
    report.options.metadata = R"({"topic": "tea"})";
    three.report(0, report);
    report.room = "two";
    three.report(1, report);
    const Room& one = three.rooms[*three.rooms.find("one")];
    const Room& two = three.rooms[*three.rooms.find("two")];
    CHECK(three.rooms.options(one).metadata == R"({"topic": "tea"})");
    CHECK(one.options == two.options);

    report.options.metadata = "1";
    three.report(1, report);
    CHECK(three.rooms.options(one).metadata == R"({"topic": "tea"})");
    CHECK(three.rooms.options(three.rooms[*three.rooms.find("two")]).metadata == "1");
}

TEST_CASE("a page of the list is in the order of the ids") {
    Three three;
    for (const char* id : {"d", "a", "c", "b"}) three.report(0, room_of(id));
    const auto ids = [&](std::string_view after, size_t limit) {
        std::string text;
        for (const RoomIndex room : three.rooms.page(after, limit)) text += three.rooms[room].id;
        return text;
    };
    CHECK(ids("", 10) == "abcd");
    CHECK(ids("", 2) == "ab");
    CHECK(ids("b", 10) == "cd");
    CHECK(ids("bb", 1) == "c");
    CHECK(ids("d", 10) == "");
    CHECK(ids("", 0) == "");
}

TEST_CASE("whatever servers claim and close, a room has the one home of its highest epoch") {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        Three three;
        base::SeededRandom random(seed);
        std::map<std::string, std::array<cluster::Epoch, 3>> has;  // by room: of each server
        for (int step = 0; step < 2'000; ++step) {
            const auto from = static_cast<ServerIndex>(random.below(3));
            const std::string room = "room" + std::to_string(random.below(12));
            cluster::Epoch& epoch = has[room][from];
            if (random.below(3) == 0) {
                epoch = 0;
                three.rooms.on_closed(from, room);
            } else {
                epoch = std::max<cluster::Epoch>(epoch, 1 + random.below(1'000));
                three.report(from, room_of(room, epoch, 0));
            }
            const auto home = three.home(room);
            if (home) CHECK(has[room][*home] == three.rooms[*three.rooms.find(room)].epoch);
            if (!home) continue;
            for (ServerIndex other = 0; other < 3; ++other) {
                if (other == *home || has[room][other] == 0) continue;
                REQUIRE(three.rooms.fence(other, room));
            }
        }
        three.rooms.ensure_invariants();
    }
}

}  // namespace
}  // namespace parley::router_service
