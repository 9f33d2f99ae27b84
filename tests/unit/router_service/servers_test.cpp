#include "router-service/servers.h"

#include <doctest/doctest.h>

#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::beat_of;
using test::kStart;
using Heard = Servers::Heard;

constexpr auto kKeep = [](ServerIndex) { return false; };
constexpr auto kForget = [](ServerIndex) { return true; };

cluster::Beat delta_of(std::string server, uint64_t number) {
    cluster::Beat beat = beat_of(std::move(server), number);
    beat.whole = false;
    return beat;
}

Standing standing(const Servers& servers, std::string_view id) {
    return servers[*servers.find(id)].standing;
}

TEST_CASE("a server is given rooms once a whole beat of it was heard") {
    Servers servers(1);
    const auto first = servers.on_beat(kStart, delta_of("a", 7));
    CHECK(first.heard == Heard::Useless);
    CHECK(first.ask_for_whole);
    CHECK(standing(servers, "a") == Standing::Unknown);
    CHECK(servers.pool().servers(Tier::Free).empty());

    CHECK(servers.on_beat(kStart, beat_of("a", 8)).heard == Heard::Taken);
    CHECK(standing(servers, "a") == Standing::Eligible);
    CHECK(servers.pool().servers(Tier::Free).size() == 1);
    servers.ensure_invariants();
}

TEST_CASE("a missed beat makes the rooms uncertain until the next whole one, asked for once") {
    Servers servers(1);
    servers.on_beat(kStart, beat_of("a", 1));
    CHECK(servers.on_beat(kStart, delta_of("a", 2)).heard == Heard::Taken);

    const auto gap = servers.on_beat(kStart, delta_of("a", 4));
    CHECK(gap.heard == Heard::Gap);
    CHECK(gap.ask_for_whole);
    CHECK_FALSE(servers.all_whole());
    CHECK(standing(servers, "a") == Standing::Eligible);

    const auto next = servers.on_beat(kStart + 1s, delta_of("a", 5));
    CHECK(next.heard == Heard::Gap);
    CHECK_FALSE(next.ask_for_whole);
    CHECK(servers.on_beat(kStart + 3s, delta_of("a", 6)).ask_for_whole);

    servers.on_beat(kStart + 3s, beat_of("a", 7));
    CHECK(servers.all_whole());
}

TEST_CASE("a beat that came before is not taken again") {
    Servers servers(1);
    servers.on_beat(kStart, beat_of("a", 5, 1.0));
    CHECK(servers.on_beat(kStart, beat_of("a", 5, 3.0)).heard == Heard::Duplicate);
    CHECK(servers.on_beat(kStart, beat_of("a", 4, 3.0)).heard == Heard::Duplicate);
    CHECK(servers[0].load.used == 1.0);
}

TEST_CASE("of two that claim one id the later process wins, and the other is said once") {
    Servers servers(1);
    auto older = beat_of("a", 100, 1.0);
    auto newer = beat_of("a", 1, 2.0);
    newer.incarnation = 2;
    servers.on_beat(kStart, older);
    CHECK(servers.on_beat(kStart, newer).reborn);

    older.number = 101;
    const auto first = servers.on_beat(kStart, older);
    CHECK(first.heard == Heard::Older);
    CHECK(first.say_once);
    older.number = 102;
    CHECK_FALSE(servers.on_beat(kStart, older).say_once);
    CHECK(servers[0].load.used == 2.0);
    CHECK(servers.size() == 1);
}

TEST_CASE("a silent server is stale, then lost, and back with its next beat") {
    Servers servers(1);
    servers.on_beat(kStart, beat_of("a", 1));
    CHECK(servers.on_deadline(kStart + 1400ms, kKeep).empty());
    CHECK(standing(servers, "a") == Standing::Eligible);

    CHECK(servers.on_deadline(kStart + 1500ms, kKeep).empty());
    CHECK(standing(servers, "a") == Standing::Stale);
    CHECK(servers.pool().empty());

    CHECK(servers.on_deadline(kStart + 3s, kKeep).size() == 1);
    CHECK(servers.on_deadline(kStart + 4s, kKeep).empty());
    CHECK(standing(servers, "a") == Standing::Lost);

    CHECK(servers.on_beat(kStart + 5s, beat_of("a", 6)).is_new);
    CHECK(standing(servers, "a") == Standing::Eligible);
    servers.ensure_invariants();
}

TEST_CASE("of two processes with one id the later one counts, until it falls silent") {
    Servers servers(1);
    auto older = beat_of("a", 1), later = beat_of("a", 1);
    older.incarnation = 5;
    later.incarnation = 6;
    servers.on_beat(kStart, older);
    CHECK(servers.on_beat(kStart, later).reborn);
    for (uint64_t second = 1; second < 6; ++second) {
        older.number = later.number = second + 1;
        const auto refused = servers.on_beat(kStart + second * 1s, older);
        CHECK(refused.heard == Heard::Older);
        CHECK(refused.say_once == (second == 1));
        CHECK(servers.on_beat(kStart + second * 1s, later).heard == Heard::Taken);
    }
    CHECK(servers[0].incarnation == 6);
    older.number = 8;
    CHECK(servers.on_beat(kStart + 7900ms, older).heard == Heard::Older);
    older.number = 9;
    const auto back = servers.on_beat(kStart + 8s, older);
    CHECK(back.heard == Heard::Taken);
    CHECK(back.reborn);
    CHECK(servers[0].incarnation == 5);
}

TEST_CASE("a number that somebody made up does not silence a server for longer than it is lost") {
    Servers servers(1);
    servers.on_beat(kStart, beat_of("a", 1));
    servers.on_beat(kStart, beat_of("a", 1'000'000));
    CHECK(servers.on_beat(kStart + 1s, beat_of("a", 2)).heard == Heard::Duplicate);
    const auto back = servers.on_beat(kStart + 3s, beat_of("a", 4));
    CHECK(back.heard == Heard::Taken);
    CHECK(back.reborn);
    CHECK(servers.on_beat(kStart + 4s, beat_of("a", 5)).heard == Heard::Taken);
}

TEST_CASE("what we could not hear is nobody's silence") {
    Servers servers(1);
    servers.on_beat(kStart, beat_of("a", 1));
    servers.on_deaf(kStart + 10s);
    CHECK(servers.on_deadline(kStart + 11s, kKeep).empty());
    CHECK(standing(servers, "a") == Standing::Eligible);
}

TEST_CASE("who finds the broker later than we do is not lost, but who fell silent since is") {
    Servers servers(1);
    servers.on_beat(kStart, beat_of("late", 1));
    servers.on_beat(kStart, beat_of("gone", 1));
    servers.on_reconnected(kStart + 20s);
    servers.on_beat(kStart + 21s, beat_of("gone", 2));
    CHECK(servers.on_deadline(kStart + 23s, kKeep).empty());
    CHECK(standing(servers, "late") == Standing::Stale);

    CHECK(servers.on_deadline(kStart + 24s, kKeep).size() == 1);
    CHECK(standing(servers, "gone") == Standing::Lost);
    CHECK(servers.on_deadline(kStart + 29s, kKeep).empty());
    servers.on_beat(kStart + 29s, beat_of("late", 2));
    CHECK(standing(servers, "late") == Standing::Eligible);
    CHECK(standing(servers, "gone") == Standing::Lost);
}

TEST_CASE("who never finds the broker again is lost in the end") {
    Servers servers(1);
    servers.on_beat(kStart, beat_of("a", 1));
    servers.on_reconnected(kStart + 20s);
    CHECK(servers.on_deadline(kStart + 29s, kKeep).empty());
    CHECK(servers.on_deadline(kStart + 30s, kKeep).size() == 1);
}

TEST_CASE("a server that stays lost leaves its place to another, when nothing refers to it") {
    Servers servers(1);
    servers.on_beat(kStart, beat_of("a", 1));
    servers.on_deadline(kStart + 1h, kKeep);
    CHECK(servers.find("a"));
    servers.on_deadline(kStart + 1h, kForget);
    CHECK_FALSE(servers.find("a"));
    CHECK(servers.size() == 0);

    CHECK(servers.on_beat(kStart + 1h, beat_of("b", 1)).server == 0);
    CHECK(servers.all() == std::vector<ServerIndex>{0});
    servers.ensure_invariants();
}

TEST_CASE("who drains, is full or has no workers is given no rooms; who is overloaded, last") {
    Servers servers(1);
    auto draining = beat_of("draining", 1);
    draining.state = cluster::ServerState::Draining;
    auto full = beat_of("full", 1, 4.0);
    auto rooms = beat_of("rooms", 1);
    rooms.load.most_rooms = 3;
    auto seats = beat_of("seats", 1);
    seats.load.most_peers = 10;
    seats.load.peers = 10;
    auto none = beat_of("none", 1);
    none.load.capacity = 0;
    auto overloaded = beat_of("overloaded", 1);
    overloaded.load.overloaded = true;
    for (const auto& beat : {draining, full, rooms, seats, none, overloaded}) {
        servers.on_counted(kStart, servers.on_beat(kStart, beat).server, 3);
    }
    CHECK(standing(servers, "draining") == Standing::Draining);
    CHECK(standing(servers, "full") == Standing::Full);
    CHECK(standing(servers, "rooms") == Standing::Full);
    CHECK(standing(servers, "seats") == Standing::Full);
    CHECK(standing(servers, "none") == Standing::Full);
    CHECK(standing(servers, "overloaded") == Standing::Overloaded);
    CHECK(servers.pool().servers(Tier::Free).empty());
    CHECK(servers.pool().servers(Tier::Overloaded).size() == 1);
}

TEST_CASE("promises fill a server before its measured load does, and are taken back") {
    Servers servers(1);
    auto beat = beat_of("a", 1);
    beat.load.capacity = 0.15;  // 15 seats
    servers.on_beat(kStart, beat);
    servers.on_placed(kStart, 0, 1, 8);
    CHECK(standing(servers, "a") == Standing::Eligible);
    servers.on_placed(kStart, 0, 2, 8);
    CHECK(standing(servers, "a") == Standing::Full);

    servers.on_gone(0, 2);
    servers.on_counted(kStart, 0, 0);
    CHECK(standing(servers, "a") == Standing::Eligible);
    servers.ensure_invariants();
}

TEST_CASE("a server that comes back in another region is drawn from there") {
    Servers servers(1);
    auto beat = beat_of("a", 1);
    beat.region = "eu";
    servers.on_beat(kStart, beat);
    CHECK(servers.pool("eu"));
    beat.region = "us";
    beat.number = 2;
    servers.on_beat(kStart, beat);
    CHECK_FALSE(servers.pool("eu"));
    REQUIRE(servers.pool("us"));
    CHECK(servers.pool("us")->servers(Tier::Free).size() == 1);
    servers.ensure_invariants();
}

}  // namespace
}  // namespace parley::router_service
