#include "controller/cluster/directory.h"

#include <doctest/doctest.h>

using namespace parley;
using namespace parley::controller::clustering;

namespace {

const base::Instant kBegin = base::Instant::from_micros(1'000'000'000);

cluster::RoomReport room(const std::string& id, cluster::Epoch epoch = 1) {
    cluster::RoomReport report;
    report.room = id;
    report.epoch = epoch;
    return report;
}

cluster::Beat beat_of(const std::string& server, std::vector<cluster::RoomReport> rooms,
                      bool whole = true) {
    cluster::Beat beat;
    beat.server = server;
    beat.incarnation = 7;
    beat.number = 1;
    beat.whole = whole;
    beat.rooms = std::move(rooms);
    return beat;
}

cluster::Event event_of(const std::string& type, const std::string& server,
                        const std::string& room) {
    return {.type = type, .at = kBegin, .server = server, .room = room, .epoch = 1, .number = 1};
}

}  // namespace

TEST_CASE("rooms come and go with beats, whole ones and those that tell what changed") {
    Directory directory;
    directory.on_beat(kBegin, beat_of("s1", {room("a"), room("b")}));
    REQUIRE(directory.find("a"));
    CHECK(directory.find("a")->server == "s1");
    cluster::Beat change = beat_of("s1", {room("c")}, false);
    change.closed = {"a"};
    directory.on_beat(kBegin, change);
    CHECK_FALSE(directory.find("a"));
    CHECK(directory.find("b"));
    CHECK(directory.find("c"));
    directory.on_beat(kBegin, beat_of("s1", {room("c")}));
    CHECK_FALSE(directory.find("b"));
    CHECK(directory.server("s1")->rooms == 1);
}

TEST_CASE("events are faster than beats") {
    Directory directory;
    directory.on_event(event_of("room.created", "s1", "a"));
    REQUIRE(directory.find("a"));
    directory.on_event(event_of("room.closed", "s2", "a"));  // was never its
    CHECK(directory.find("a"));
    directory.on_event(event_of("room.closed", "s1", "a"));
    CHECK_FALSE(directory.find("a"));
}

TEST_CASE("of two who claim a room the higher epoch has it") {
    Directory directory;
    directory.on_beat(kBegin, beat_of("s1", {room("a", 2)}));
    directory.on_beat(kBegin, beat_of("s2", {room("a", 1)}));
    CHECK(directory.find("a")->server == "s1");
    directory.on_beat(kBegin, beat_of("s2", {room("a", 3)}));
    CHECK(directory.find("a")->server == "s2");
    CHECK(directory.epoch("a") == 3);
}

TEST_CASE("a server without beats is lost, and its rooms' epochs are remembered") {
    Directory directory;
    directory.on_beat(kBegin, beat_of("s1", {room("a", 4)}));
    directory.on_beat(kBegin, beat_of("s2", {room("b")}));
    directory.on_beat(kBegin + 4s, beat_of("s2", {}, false));
    directory.on_deadline(kBegin + 5s);
    CHECK_FALSE(directory.find("a"));
    CHECK(directory.epoch("a") == 4);
    CHECK_FALSE(directory.server("s1"));
    CHECK(directory.find("b"));
    directory.on_up(kBegin + 60s);  // nobody could be heard meanwhile
    directory.on_deadline(kBegin + 61s);
    CHECK(directory.find("b"));
}

TEST_CASE("the beat of a process that is no more changes nothing") {
    Directory directory;
    directory.on_beat(kBegin, beat_of("s1", {room("a")}));
    cluster::Beat old = beat_of("s1", {});
    old.incarnation = 6;
    directory.on_beat(kBegin, old);
    CHECK(directory.find("a"));
}
