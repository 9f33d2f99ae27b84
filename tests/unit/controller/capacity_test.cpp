#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;
using Voices = std::set<std::string>;

TEST_CASE("who would overload a full worker is refused, and those in the room go on") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    server.burn({0.95});
    auto& cat = server.client("standup", "cat");
    cat.connect();
    CHECK(cat.close_code == 4429);
    CHECK(cat.close_reason == "capacity");
    CHECK(server.hears(ada) == Voices{"bob"});
    ada.lose_connection();
    ada.resume();  // who has a place keeps it
    CHECK(ada.connected());
    CHECK(server.hears(bob) == Voices{"ada"});
    server.burn({0.2});
    server.enter("standup", "dan");
    CHECK(server.hears(ada) == Voices{"bob", "dan"});
}

TEST_CASE("no room is opened where every worker is full") {
    ModelServer server({.workers = 2});
    server.start();
    server.burn({0.95, 0});
    const auto open = [&](const char* id) {
        return server.call([&](Controller& core, Instant now, Outputs& out) {
            return core.create_room(now, id, {}, out);
        });
    };
    CHECK(open("one")->workers.at(0) == 1);
    CHECK(open("two")->workers.at(0) == 1);
    server.burn({0.95, 0.95});
    const auto refused = open("three");
    REQUIRE(!refused.ok());
    CHECK(refused.error().code == ErrorCode::Unavailable);
    CHECK(refused.error().reason == "every worker is full");
}

TEST_CASE("a burst of joins is refused where it would overload, before any of it was measured") {
    ModelServer server({.max_peers_per_room = 10'000, .worker_load_most = 0.05});
    server.start();
    size_t refused = 0;
    for (int i = 0; i < 200; ++i) {
        auto& client = server.client("stage", "peer" + std::to_string(i));
        client.connect();
        refused += client.close_code == 4429;
    }
    CHECK(refused > 10);
    CHECK(refused < 190);
    CHECK(server.core().capacity(server.now).used <= 0.05);
}

TEST_CASE("in front of a stage those who come are taken for listeners, in a meeting for speakers") {
    const auto load_of_crowd = [](bool with_voices) {
        ModelServer server({.max_peers_per_room = 10'000});
        server.start();
        server.enter("hall", "speaker");
        for (int i = 0; i < 30; ++i) {
            auto& client = server.client("hall", "peer" + std::to_string(i));
            client.connect();
            client.enter(with_voices);
        }
        return server.core().capacity(server.now).used;
    };
    // 30 who each hear one voice, beside 30 who hear each other.
    CHECK(load_of_crowd(false) < load_of_crowd(true) / 4);
}

TEST_CASE("rooms are spread while they are still empty, and follow the load once it is known") {
    ModelServer server({.workers = 2});
    server.start();
    const auto open = [&](const std::string& id) {
        return server
            .call([&](Controller& core, Instant now, Outputs& out) {
                return core.create_room(now, id, {}, out);
            })
            ->workers.at(0);
    };
    CHECK(open("one") != open("two"));
    server.burn({0.5, 0});
    for (int i = 0; i < 5; ++i) CHECK(open("more" + std::to_string(i)) == 1);
    const Capacity capacity = server.core().capacity(server.now);
    CHECK(capacity.most == 2 * 0.85);
    CHECK(capacity.used > 0.45);
    CHECK(capacity.used < 0.55);
    CHECK(server.core().workers(server.now)[0].load > 0.45);
}
