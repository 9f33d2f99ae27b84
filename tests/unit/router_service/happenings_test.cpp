#include "router-service/happenings.h"

#include <doctest/doctest.h>

#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::kStart;

cluster::Event event_of(std::string type, std::string server = "a", std::string room = "") {
    return {.type = std::move(type), .at = kStart, .server = std::move(server), .room = room};
}

cluster::Event moved(const std::string& room) {
    cluster::Event event = event_of("room.moved", "b", room);
    event.data = R"({"from":"a","home":"b","signalling":"wss://b/"})";
    return event;
}

TEST_CASE("what the core says is told, but not where each room goes") {
    Happenings happenings;
    happenings.on_log(kStart, {Level::Info, "active: the broker delivers commands here"}, 1);
    happenings.on_log(kStart, {Level::Info, "home chosen: lighter of 2", "standup", "a"}, 2);
    happenings.on_log(kStart, {Level::Debug, "nothing", "", "a"}, 3);
    happenings.on_log(kStart, {Level::Warning, "no home: no server has capacity", "standup"}, 4);
    REQUIRE(happenings.all().size() == 2);
    CHECK(happenings.all()[0].text == "active: the broker delivers commands here");
    CHECK(happenings.all()[1].room == "standup");
}

TEST_CASE("servers that drain are told of, people that come are not") {
    Happenings happenings;
    for (const char* type : {"peer.joined", "room.created", "server.draining", "server.what"}) {
        happenings.on_event(kStart, event_of(type), 1);
    }
    REQUIRE(happenings.all().size() == 1);
    CHECK(happenings.all()[0].text == "drains");
    CHECK(happenings.all()[0].server == "a");
}

TEST_CASE("ten thousand rooms that move are one line with a number") {
    Happenings happenings;
    for (int room = 0; room < 10'000; ++room) {
        happenings.on_event(kStart + room * 1ms, moved("room-" + std::to_string(room)),
                            uint64_t(room) + 1);
    }
    REQUIRE(happenings.all().size() == 1);
    const Happenings::Happening& one = happenings.all()[0];
    CHECK(one.times == 10'000);
    CHECK(one.text == "room moved to b");
    CHECK(one.server == "a");
    CHECK(one.room == "room-9999");
    CHECK(one.version == 10'000);
    happenings.on_event(kStart + 5min, moved("later"), 10'001);
    CHECK(happenings.all().size() == 2);
}

TEST_CASE("a thousand servers that come at once are three lines, the last with a number") {
    Happenings happenings;
    for (uint64_t server = 1; server <= 1'000; ++server) {
        happenings.on_log(kStart, {Level::Info, "server heard", "", "s" + std::to_string(server)},
                          server);
    }
    REQUIRE(happenings.all().size() == 3);
    CHECK(happenings.all()[0].server == "s1");
    CHECK(happenings.all()[2].times == 998);
    CHECK(happenings.all()[2].server == "s1000");
    happenings.on_log(kStart, {Level::Info, "server heard", "", "s1"}, 1'001);
    CHECK(happenings.all()[0].times == 2);
}

TEST_CASE("the oldest goes when there are too many, and a text has an end") {
    Happenings happenings;
    for (uint64_t number = 1; number <= Happenings::kMost + 50; ++number) {
        happenings.on_log(kStart, {Level::Info, "it " + std::to_string(number)}, number);
    }
    CHECK(happenings.all().size() == Happenings::kMost);
    CHECK(happenings.all().front().number == 51);
    std::string long_text(Happenings::kTextBytes - 1, 'x');
    long_text += "\u00fc and more";
    happenings.on_log(kStart, {Level::Warning, long_text}, 1'000);
    CHECK(happenings.all().back().text == std::string(Happenings::kTextBytes - 1, 'x'));
}

TEST_CASE("who has looked is told what came since, and what came again") {
    Happenings happenings;
    const auto written = [&](uint64_t since) {
        JsonWriter json;
        happenings.write(json, since);
        return json.take();
    };
    happenings.on_event(kStart, event_of("server.draining"), 1);
    happenings.on_event(kStart, event_of("server.up"), 2);
    CHECK(written(0) == R"([[1,1700000000,"info","drains","a","",1],)"
                        R"([2,1700000000,"info","takes rooms","a","",1]])");
    CHECK(written(2) == "[]");
    happenings.on_event(kStart + 10s, event_of("server.draining"), 3);
    CHECK(written(2) == R"([[1,1700000010,"info","drains","a","",2]])");
}

TEST_CASE("an event whose data is nonsense names nobody") {
    Happenings happenings;
    cluster::Event event = moved("standup");
    event.data = "{";
    happenings.on_event(kStart, event, 1);
    CHECK(happenings.all().empty());
    event.data = R"({"from":7,"home":[]})";
    happenings.on_event(kStart, event, 2);
    CHECK(happenings.all().size() == 1);
}

}  // namespace
}  // namespace parley::router_service
