#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;
using Voices = std::set<std::string>;

namespace {

// What the worker carries, as one text.
std::string media(const ModelWorker& worker) {
    std::string text;
    for (const auto& [id, t] : worker.transports()) text += "t" + std::to_string(id);
    for (const auto& [id, p] : worker.producers()) {
        text += "p" + std::to_string(id) + (p.paused ? "-" : "+");
    }
    for (const auto& [id, c] : worker.consumers()) {
        text += "c" + std::to_string(id) + (c.paused ? "-" : "+");
    }
    return text;
}

}  // namespace

TEST_CASE("a controller that crashed is whole again, and nobody in the room heard a thing") {
    ModelServer server({.workers = 2});
    server.start();
    REQUIRE(server.call([&](Controller& core, base::Instant now, Outputs& out) {
        return core.create_room(
            now, "standup", {.max_peers = 5, .empty_timeout = 7s, .metadata = R"({"k":1})"}, out);
    }));
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    auto& cat = server.enter("other", "cat");
    ada.ask("changeDisplayName", R"({"displayName":"Countess"})");
    const RoomInfo before = server.core().room("standup").value();
    const std::string carried = media(server.worker(0)) + media(server.worker(1));

    server.crash_controller();
    CHECK(media(server.worker(0)) + media(server.worker(1)) == carried);
    const RoomInfo after = server.core().room("standup").value();
    CHECK(after.options == before.options);
    CHECK(after.created == before.created);
    CHECK(after.workers == before.workers);
    REQUIRE(after.peers.size() == 2);
    CHECK(after.peers[0].display_name == "Countess");
    CHECK(after.peers[0].device == R"({"name":"model"})");
    CHECK(after.peers[0].joined);
    CHECK(!after.peers[0].connected);
    CHECK(after.peers[0].producers.size() == 1);

    for (ModelClient* client : {&ada, &bob, &cat}) {
        client->resume();
        CHECK(client->recovered);
        CHECK(client->connected());
    }
    CHECK(server.hears(ada) == Voices{"bob"});
    const std::string sync = bob.ask("sync");
    CHECK(sync.find(R"("peers":[{"id":"ada","displayName":"Countess")") != std::string::npos);
    CHECK(sync.find(R"("id":")" + bob.producer) != std::string::npos);
    CHECK(sync.find(R"("appData":{"from":"ada"})") != std::string::npos);
    CHECK(sync.find(R"("cname":"c5000")") != std::string::npos);
    CHECK(media(server.worker(0)) + media(server.worker(1)) == carried);

    // And life goes on: nothing is numbered twice, nobody is forgotten.
    auto& dan = server.enter("standup", "dan");
    CHECK(server.hears(dan) == Voices{"ada", "bob"});
    CHECK(server.hears(ada) == Voices{"bob", "dan"});
    bob.ask("leave");
    CHECK(ada.last("peerClosed") == R"({"peerId":"bob"})");
    CHECK(server.worker(server.worker_of("standup")).refusals == 0);
    ada.lose_connection();  // after a recovery a session resumes as any other
    ada.resume();
    CHECK(!ada.recovered);
    CHECK(ada.connected());
}

TEST_CASE("what a later controller kept in the workers is understood after a roll-back") {
    ModelServer server({.workers = 2});
    server.start();
    auto& ada = server.enter("standup", "ada");
    server.enter("standup", "bob");
    for (auto& worker : server.workers) {
        worker->rewrite_app_data([](const std::string& data) {
            std::string more = R"({"later":{"words":[1]},)" + data.substr(1);
            const std::string extensions = R"("extensions":[)";
            const size_t at = more.find(extensions);
            if (at != more.npos) more.insert(at + extensions.size(), "99,");
            return more;
        });
    }
    server.crash_controller();
    const RoomInfo room = server.core().room("standup").value();
    REQUIRE(room.peers.size() == 2);
    CHECK(room.peers[0].producers.size() == 1);
    ada.resume();
    CHECK(ada.recovered);
    CHECK(server.hears(ada) == Voices{"bob"});
}

TEST_CASE("who comes back after its worker died, too, is told that its transports are lost") {
    ModelServer server({.workers = 2});
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    server.crash_controller();
    bob.resume();
    server.kill_worker(server.worker_of("standup"));
    CHECK(bob.told("transportsLost") == 1);
    ada.resume();
    CHECK(ada.recovered);
    CHECK(ada.told("transportsLost") == 1);
    ada.lose_connection();
    ada.resume();
    CHECK(ada.told("transportsLost") == 1);
}

TEST_CASE("who does not come back after a crash is dropped") {
    ModelServer server;
    server.start();
    server.enter("standup", "ada");
    server.enter("standup", "bob");
    server.crash_controller();
    server.advance(29s);
    CHECK(server.core().room("standup").value().peers.size() == 2);
    server.advance(2s);
    CHECK(server.core().room("standup").value().peers.empty());
    CHECK(server.worker(0).transports().empty());
    server.advance(60s);
    CHECK(!server.core().room("standup").ok());
}

TEST_CASE("a client without numbers comes back after a crash as a new one") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada", false);
    auto& bob = server.enter("standup", "bob");
    server.crash_controller();
    CHECK(server.worker(0).producers().size() == 2);  // heard until then
    bob.resume();
    auto& again = server.enter("standup", "ada", false);
    CHECK(bob.told("peerClosed") == 1);
    CHECK(server.worker(0).producers().size() == 2);
    CHECK(server.hears(again) == Voices{"bob"});
    CHECK(!ada.connected());
}

TEST_CASE("what was asked and never answered before the crash is made good") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    bob.answers = false;
    ada.speak(6000);  // bob has newConsumer, and has not answered
    const std::string second = ada.producer;
    // The worker carries out a produce whose answer nobody hears.
    server.hold_workers = true;
    ada.send("produce", R"({"transportId":")" + ada.send_transport +
                            R"(","kind":"audio","rtpParameters":)" + microphone(7000, "m") + "}");
    REQUIRE(server.held.size() == 1);
    server.worker(0).on_frame(server.held[0].second);
    server.hold_workers = false;
    server.crash_controller();
    REQUIRE(server.worker(0).producers().size() == 4);
    ada.resume();
    const std::string again =
        ada.ask("produce", R"({"transportId":")" + ada.send_transport + R"(","kind":"audio",)" +
                               R"("rtpParameters":)" + microphone(7000, "m") + "}");
    CHECK(again.starts_with("{\"id\""));
    CHECK(server.worker(0).producers().size() == 4);
    CHECK(server.worker(0).refusals == 0);
    bob.resume();
    const std::string sync = bob.ask("sync");
    size_t count = 0;
    for (size_t at = 0; (at = sync.find("rtpParameters", at)) != sync.npos; ++at) ++count;
    CHECK(count == 3);
    for (const auto& [id, consumer] : server.worker(0).consumers()) CHECK(!consumer.paused);
}

TEST_CASE("muting survives a crash") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    REQUIRE(server.call([&](Controller& core, base::Instant now, Outputs& out) {
        return core.mute_peer(now, "standup", "ada", true, out);
    }));
    server.crash_controller();
    ada.resume();
    bob.resume();
    CHECK(server.hears(bob).empty());
    CHECK(ada.ask("resumeProducer", R"({"producerId":")" + ada.producer + R"("})") ==
          "!403 muted by an administrator");
    REQUIRE(server.call([&](Controller& core, base::Instant now, Outputs& out) {
        return core.mute_peer(now, "standup", "ada", false, out);
    }));
    CHECK(server.hears(bob) == Voices{"ada"});
}

TEST_CASE("what a worker carries that is not ours is closed, and the rest is kept") {
    ModelServer other;
    other.start();
    other.enter("standup", "ada");
    other.enter("standup", "bob");
    ModelServer server({.workers = 2});
    server.workers[0] = std::make_unique<ModelWorker>(other.worker(0));
    server.workers[1] = std::make_unique<ModelWorker>(other.worker(0));  // the same room twice
    server.start();
    CHECK(server.worker(0).routers().size() == 1);
    CHECK(server.worker(1).routers().empty());
    CHECK(server.core().room("standup").value().peers.size() == 2);
    CHECK(server.worker_of("standup") == 0);
}
