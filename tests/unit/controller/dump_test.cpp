#include <doctest/doctest.h>

#include "common/json/json.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;

namespace {

constexpr DumpId kDump = 7;

Result<base::Unit> begin(ModelServer& server, const std::string& room,
                         const std::string& peer = "") {
    return server.call([&](Controller& core, base::Instant now, Outputs& out) {
        return core.dump_room(now, kDump, room, peer, out);
    });
}

JsonDocument only_dump(const ModelServer& server) {
    REQUIRE(server.dumped.size() == 1);
    CHECK(server.dumped[0].dump == kDump);
    auto document = JsonDocument::parse(server.dumped[0].json);
    REQUIRE(document.ok());
    return std::move(*document);
}

std::string text(Json json, std::string_view name) {
    return std::string(json[name].text().value_or("(none)"));
}

// ada in the first worker, bob in the second.
struct Pair {
    ModelServer server{{.workers = 2}};

    Pair() {
        server.start();
        server.enter("hall", "ada");
        server.burn({0.88, 0.1});
        server.enter("hall", "bob");
        server.burn({0.5, 0.1});
    }
};

}  // namespace

TEST_CASE("a dump has all of a room, and what its workers say of each transport and pipe") {
    Pair pair;
    REQUIRE(begin(pair.server, "hall").ok());
    const JsonDocument document = only_dump(pair.server);
    const Json dump = document.root();
    CHECK(text(dump, "room") == "hall");
    CHECK(text(dump, "trace").size() == 32);
    CHECK(dump["unanswered"].number() == 0);
    REQUIRE(dump["workers"].size() == 2);
    CHECK(text(dump["workers"][0], "reasons").starts_with("worker 0 (0%) was the lightest"));
    CHECK(text(dump["workers"][1], "reasons")
              .starts_with("no capacity for one more peer in worker 0"));
    CHECK(dump["pipes"].size() == 2);  // one, as each of its ends sees it
    REQUIRE(dump["peers"].size() == 2);
    const Json bob = dump["peers"][1];
    CHECK(text(bob, "id") == "bob");
    CHECK(bob["worker"].number() == 1);
    REQUIRE(bob["transports"].size() == 2);
    CHECK(bob["transports"][0]["stats"].is_object());
    REQUIRE(bob["consumers"].size() == 1);
    CHECK(text(bob["consumers"][0], "hears") == "ada");
    REQUIRE(bob["producers"].size() == 1);
    CHECK(bob["producers"][0]["crossings"].size() == 1);
    // What lets one go on with a session is nobody else's.
    CHECK(pair.server.dumped[0].json.find("session") == std::string::npos);
}

TEST_CASE("a dump of one peer has that one only") {
    Pair pair;
    REQUIRE(begin(pair.server, "hall", "ada").ok());
    const JsonDocument document = only_dump(pair.server);
    REQUIRE(document.root()["peers"].size() == 1);
    CHECK(text(document.root()["peers"][0], "id") == "ada");
}

TEST_CASE("what is not there is not dumped") {
    Pair pair;
    CHECK(begin(pair.server, "cellar").error().reason == "no such room");
    CHECK(begin(pair.server, "hall", "eve").error().reason == "no such peer");
    CHECK(pair.server.dumped.empty());
}

TEST_CASE("a worker that says nothing, or dies, is missing from a dump and holds it up no longer") {
    Pair pair;
    pair.server.hold_workers = true;
    REQUIRE(begin(pair.server, "hall").ok());
    CHECK(pair.server.dumped.empty());
    SUBCASE("it hangs") {
        pair.server.advance(3s);
    }
    SUBCASE("they die") {
        pair.server.kill_worker(0);
        pair.server.kill_worker(1);
    }
    const JsonDocument document = only_dump(pair.server);
    for (size_t i = 0; i < 2; ++i) {
        const Json transports = document.root()["peers"][i]["transports"];
        for (size_t j = 0; j < transports.size(); ++j) {
            CHECK_FALSE(transports[j]["stats"].present());
        }
    }
}

TEST_CASE("a room that is closed while it is dumped is none any more") {
    Pair pair;
    pair.server.hold_workers = true;
    REQUIRE(begin(pair.server, "hall").ok());
    pair.server.call([](Controller& core, base::Instant now, Outputs& out) {
        return core.close_room(now, "hall", out).ok();
    });
    pair.server.hold_workers = false;
    pair.server.release_all();
    REQUIRE(pair.server.dumped.size() == 1);
    CHECK(pair.server.dumped[0].json.empty());
}
