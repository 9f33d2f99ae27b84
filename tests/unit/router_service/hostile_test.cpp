#include <doctest/doctest.h>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "router-service/core.h"
#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using namespace std::string_literals;

using test::beat_of;
using test::kStart;

// A router-service that is whole and active, with one server, and what it says when something
// comes.
struct Lone {
    base::SeededRandom random{1};
    RouterService core{{.settle = 0s, .takeover_settle = 0s}, random};
    Outputs out;

    Lone() {
        core.on_connected(kStart, out);
        beat(cluster::load_key("a"), cluster::write(beat_of("a", 1)));
        command(cluster::write(cluster::ServerList{}), "");
        core.on_deadline(kStart, out);
        REQUIRE(core.is_whole());
        out.clear();
    }
    void deliver(cluster::Delivery delivery) {
        out.clear();
        core.on_delivery(kStart, delivery, out);
        core.ensure_invariants();
    }
    void command(std::string body, std::string reply_to = "app") {
        deliver({.tag = 7,
                 .queue = std::string(cluster::kRooms),
                 .key = std::string(cluster::kRoomsKey),
                 .body = std::move(body),
                 .reply_to = std::move(reply_to),
                 .correlation_id = "x"});
    }
    void beat(std::string key, std::string body) {
        deliver({.tag = 0, .queue = "beats", .key = std::move(key), .body = std::move(body)});
    }
    void answer(std::string correlation, std::string body) {
        deliver({.tag = 0,
                 .queue = std::string(cluster::kReplyTo),
                 .key = std::string(cluster::kReplyTo),
                 .body = std::move(body),
                 .reply_to = {},
                 .correlation_id = std::move(correlation)});
    }
    template <typename T>
    std::vector<T> said() const {
        std::vector<T> found;
        for (const Output& output : out) {
            if (const auto* one = std::get_if<T>(&output)) found.push_back(*one);
        }
        return found;
    }
};

TEST_CASE("a command that can not be read is answered with 400 and goes to the dead letters") {
    const std::string bodies[] = {"",
                                  "{",
                                  "null",
                                  "[]",
                                  R"({"type": "room.crea)",
                                  R"({"type": "room.create", "room": "a b"})",
                                  R"({"type": "room.create", "room": 7})",
                                  R"({"type": "room.create", "options": {"maxPeers": -1}})",
                                  R"({"type": "room.create", "room": "a", "room": "b"})",
                                  R"({"type": "room.create", "colour": "red"})",
                                  R"({"type": "room.close"})",
                                  R"({"type": "no.such"})",
                                  R"({"type": "room.open", "room": "a", "epoch": 9})",
                                  R"({"type": "room.release", "room": "a", "epoch": 9})",
                                  std::string(100'000, '['),
                                  "{\"type\": \"room.get\", \"room\": \"\0\"}"s};
    Lone lone;
    for (const std::string& body : bodies) {
        CAPTURE(body.substr(0, 60));
        lone.command(body);
        REQUIRE(lone.said<cluster::Reject>().size() == 1);
        CHECK(lone.said<cluster::Reject>()[0].tag == 7);
        REQUIRE(lone.said<cluster::Publish>().size() == 1);
        const auto answer = cluster::parse_answer(lone.said<cluster::Publish>()[0].body);
        REQUIRE(answer);
        REQUIRE(answer->refusal);
        CHECK(answer->refusal->code == 400);

        lone.command(body, "");
        CHECK(lone.said<cluster::Reject>().size() == 1);
        CHECK(lone.said<cluster::Publish>().empty());
    }
    CHECK(lone.core.picture().rooms().size() == 0);
}

TEST_CASE("every command that is cut off is refused, and none stops the service") {
    Lone lone;
    const std::string whole = cluster::write(cluster::RoomCreate{"standup", {.max_peers = 3}});
    for (size_t size = 0; size < whole.size(); ++size) {
        lone.command(whole.substr(0, size));
        CHECK(lone.said<cluster::Reject>().size() == 1);
    }
    lone.command(whole);
    CHECK(lone.said<cluster::Reject>().empty());
}

TEST_CASE("a server speaks for itself alone") {
    Lone lone;
    auto beat = beat_of("a", 2, 3.5);
    lone.beat(cluster::load_key("b"), cluster::write(beat));
    CHECK(lone.core.picture().servers().size() == 1);
    CHECK(lone.core.picture().servers()[0].load.used == 0);
    CHECK(lone.core.counts().unreadable == 1);
}

TEST_CASE("beats that can not be read change nothing") {
    Lone lone;
    const std::string whole = cluster::write(beat_of("a", 2, 3.5));
    for (size_t size = 0; size < whole.size(); ++size) {
        lone.beat(cluster::load_key("a"), whole.substr(0, size));
    }
    CHECK(lone.core.counts().unreadable == whole.size());
    CHECK(lone.core.picture().servers()[0].load.used == 0);
    lone.beat(cluster::load_key("a"), whole);
    CHECK(lone.core.picture().servers()[0].load.used == 3.5);
}

TEST_CASE("answers to nothing, and answers that are nonsense, do no harm") {
    Lone lone;
    for (const char* id : {"", "x", "1", "-1", "18446744073709551616", "1 "}) {
        lone.answer(id, R"({"ok": true, "data": null})");
        CHECK(lone.said<cluster::Publish>().empty());
    }
    lone.command(cluster::write(cluster::RoomCreate{"standup", {}}));
    const auto asked = lone.said<cluster::Publish>();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].key == cluster::server_key("a"));

    SUBCASE("not JSON") {
        lone.answer(asked[0].correlation_id, "?");
    }
    SUBCASE("not a room") {
        lone.answer(asked[0].correlation_id, R"({"ok": true, "data": 7})");
    }
    SUBCASE("another room") {
        lone.answer(asked[0].correlation_id,
                    R"({"ok": true, "data": {"room": "other", "home": "a", "epoch": 1,)"
                    R"("signalling": "", "peers": 0, "created": "2026-01-01T00:00:00Z",)"
                    R"("options": {}}})");
    }
    // There is no other server: the app is told, once, and the command is done after that.
    bool refused = false;
    for (const auto& publish : lone.said<cluster::Publish>()) {
        if (publish.key != "app") continue;
        const auto answer = cluster::parse_answer(publish.body);
        REQUIRE(answer);
        REQUIRE(answer->refusal);
        CHECK(answer->refusal->code == 503);
        refused = true;
        lone.out.clear();
        lone.core.on_confirmed(kStart, publish.id, lone.out);
        CHECK(lone.said<cluster::Acknowledge>().size() == 1);
        break;
    }
    CHECK(refused);
    CHECK(lone.core.openings() == 0);
    lone.answer(asked[0].correlation_id, R"({"ok": true, "data": null})");
    CHECK(lone.said<cluster::Publish>().empty());
}

}  // namespace
}  // namespace parley::router_service
