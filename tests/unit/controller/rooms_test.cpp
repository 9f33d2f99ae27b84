#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;

namespace {

Result<RoomInfo> create(ModelServer& server, std::string_view id, RoomOptions options = {}) {
    return server.call([&](Controller& core, base::Instant now, Outputs& out) {
        return core.create_room(now, id, options, out);
    });
}

}  // namespace

TEST_CASE("a room never holds more peers than it may, whoever is still on the way in") {
    ModelServer server;
    server.start();
    REQUIRE(create(server, "small", {.max_peers = 2}));
    auto& ada = server.client("small", "ada");
    auto& bob = server.client("small", "bob");
    auto& cat = server.client("small", "cat");
    server.hold_workers = true;
    ada.connect();
    bob.connect();  // neither has joined yet, nor has a transport
    cat.connect();
    CHECK(cat.close_code == 4429);
    CHECK(cat.close_reason == "room-full");
    auto& again = server.client("small", "bob");
    again.connect();  // the same peer is not one more
    CHECK(again.connected());
    ada.ask("leave");
    cat.connect();
    CHECK(cat.connected());
    CHECK(server.core().room("small").value().peers.size() == 2);
}

TEST_CASE("the configuration's limit holds for rooms without one") {
    ModelServer server({.max_peers_per_room = 1});
    server.start();
    server.enter("any", "ada");
    auto& bob = server.client("any", "bob");
    bob.connect();
    CHECK(bob.close_reason == "room-full");
}

TEST_CASE("an empty room is closed after its time, and not while somebody is there") {
    ModelServer server;
    server.start();
    REQUIRE(create(server, "brief", {.empty_timeout = 5s}));
    REQUIRE(create(server, "forever", {.empty_timeout = 0s}));
    server.advance(4s);
    auto& ada = server.enter("brief", "ada");
    server.advance(1h);
    CHECK(server.core().room("brief").ok());
    ada.ask("leave");
    server.advance(4s);
    CHECK(server.core().room("brief").ok());
    server.advance(2s);
    CHECK(!server.core().room("brief").ok());
    CHECK(server.core().room("forever").ok());
    CHECK(server.last_event("room.closed").data == R"({"reason":"empty"})");
    CHECK(server.worker(0).routers().size() == 1);
}

TEST_CASE("creating a room that exists answers with that room") {
    ModelServer server;
    server.start();
    const auto first = create(server, "one", {.max_peers = 7, .metadata = R"( {"a" : [1]} )"});
    REQUIRE(first);
    CHECK(first->options.metadata == R"({"a":[1]})");
    const auto second = create(server, "one", {.max_peers = 9});
    REQUIRE(second);
    CHECK(second->options == first->options);
    CHECK(server.events("room.created") == 1);
}

TEST_CASE("what cannot be a room is refused with the reason") {
    ModelServer server({.max_rooms = 2});
    server.start();
    CHECK(create(server, "").error().code == ErrorCode::Malformed);
    CHECK(create(server, std::string(65, 'a')).error().code == ErrorCode::Malformed);
    CHECK(create(server, "a b").error().code == ErrorCode::Malformed);
    CHECK(create(server, "a", {.metadata = "{"}).error().code == ErrorCode::Malformed);
    CHECK(create(server, "a", {.metadata = "\"" + std::string(5000, 'x') + "\""}).error().code ==
          ErrorCode::Malformed);
    CHECK(create(server, "a", {.empty_timeout = -1s}).error().code == ErrorCode::Malformed);
    CHECK(create(server, "a").ok());
    CHECK(create(server, "b").ok());
    CHECK(create(server, "c").error().code == ErrorCode::Limit);
    auto& ada = server.client("c", "ada");
    ada.connect();
    CHECK(ada.close_reason == "capacity");
}

TEST_CASE("a room is made by its first peer only where that is allowed") {
    ModelServer server({.create_on_join = false});
    server.start();
    auto& ada = server.client("standup", "ada");
    ada.connect();
    CHECK(ada.close_code == 4404);
    CHECK(ada.close_reason == "no-such-room");
    REQUIRE(create(server, "standup"));
    ada.connect();
    CHECK(ada.connected());
    auto& odd = server.client("stand up", "ada");
    odd.connect();
    CHECK(odd.close_code == 4400);
}

TEST_CASE("a room that is closed takes its peers along, and nobody else") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    auto& cat = server.enter("other", "cat");
    bob.lose_connection();
    REQUIRE(server.call([&](Controller& core, base::Instant now, Outputs& out) {
        return core.close_room(now, "standup", out);
    }));
    CHECK(ada.close_code == 4410);
    CHECK(ada.close_reason == "room-closed");
    CHECK(cat.connected());
    CHECK(server.worker(0).routers().size() == 1);
    CHECK(server.worker(0).transports().size() == 2);
    CHECK(server.events("peer.left") == 2);
    bob.resume();
    CHECK(bob.close_code == 4404);
    CHECK(server
              .call([&](Controller& core, base::Instant now, Outputs& out) {
                  return core.close_room(now, "standup", out);
              })
              .error()
              .code == ErrorCode::NotFound);
}

TEST_CASE("new rooms go to the worker that carries least") {
    ModelServer server({.workers = 3});
    server.start();
    for (const char* room : {"a", "b", "c"}) REQUIRE(create(server, room));
    std::set<uint32_t> workers;
    for (const char* room : {"a", "b", "c"}) workers.insert(server.worker_of(room));
    CHECK(workers.size() == 3);
    for (int i = 0; i < 4; ++i) server.enter("a", "a" + std::to_string(i));
    for (int i = 0; i < 2; ++i) server.enter("b", "b" + std::to_string(i));
    for (const char* room : {"d", "e"}) REQUIRE(create(server, room));
    CHECK(server.worker_of("d") == server.worker_of("c"));
    CHECK(server.worker_of("e") == server.worker_of("c"));
}

TEST_CASE("events of a room are numbered from one without a gap") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    server.enter("other", "cat");
    server.enter("standup", "bob");
    ada.ask("leave");
    std::map<std::string, uint64_t> last;
    std::vector<std::string> types;
    for (const Event& event : server.event_log) {
        CHECK(event.number == ++last[event.room]);
        if (event.room == "standup") types.push_back(event.type);
    }
    CHECK(types == std::vector<std::string>{"room.created", "peer.added", "peer.joined",
                                            "track.added", "peer.added", "peer.joined",
                                            "track.added", "track.removed", "peer.left"});
}

TEST_CASE("what a client is told of others is true") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.client("standup", "bob");
    bob.connect();
    const std::string answer =
        bob.ask("join", R"({"displayName":"Bób \"\u0001","device":{"v":[1,2]}})");
    CHECK(answer ==
          R"({"peers":[{"id":"ada","displayName":"I am ada","device":{"name":"model"}}]})");
    CHECK(ada.last("newPeer") ==
          R"({"id":"bob","displayName":"Bób \"\u0001","device":{"v":[1,2]}})");
    CHECK(bob.ask("join") == "!409 already joined");
    CHECK(ada.ask("changeDisplayName", R"({"displayName":"Countess"})") == "{}");
    CHECK(bob.last("peerDisplayNameChanged") ==
          R"({"peerId":"ada","displayName":"Countess","oldDisplayName":"I am ada"})");
    const auto info = server.core().room("standup").value();
    REQUIRE(info.peers.size() == 2);
    CHECK(info.peers[0].display_name == "Countess");
    CHECK(info.peers[0].producers.size() == 1);
    CHECK(info.peers[1].joined);
    CHECK(info.peers[1].connected);
}

TEST_CASE("a stop closes every room and ends every worker, and nothing is started again") {
    ModelServer server({.workers = 2});
    server.start();
    auto& ada = server.enter("standup", "ada");
    server.call([&](Controller& core, base::Instant now, Outputs& out) {
        core.on_stop(now, out);
        return 0;
    });
    CHECK(ada.close_code == 4410);
    CHECK(server.workers[0] == nullptr);
    CHECK(server.workers[1] == nullptr);
    CHECK(server.core().next_deadline().is_never());
    ada.connect();
    CHECK(ada.close_reason == "capacity");
}

TEST_CASE("the same calls say the same, byte for byte") {
    const auto run = [](uint64_t seed) {
        ModelServer server({.workers = 2}, seed);
        server.start();
        for (const char* room : {"a", "b"}) {
            for (const char* peer : {"x", "y", "z"}) server.enter(room, peer);
        }
        server.kill_worker(0);
        server.advance(20s);
        return server.trace;
    };
    const std::string first = run(3);
    CHECK(first == run(3));
    CHECK(first != run(4));  // the session ids
}
