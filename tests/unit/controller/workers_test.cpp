#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;
using Voices = std::set<std::string>;

TEST_CASE("a worker's death costs its rooms their transports, and other rooms nothing") {
    ModelServer server({.workers = 2});
    server.start();
    auto& ada = server.enter("one", "ada");
    auto& bob = server.enter("one", "bob");
    auto& cat = server.enter("two", "cat");
    auto& dan = server.enter("two", "dan");
    const size_t said = cat.messages;
    const uint32_t dead = server.worker_of("one");
    server.kill_worker(dead);
    // Another worker runs: the room is there at once.
    CHECK(server.worker_of("one") != dead);
    CHECK(ada.told("transportsLost") == 1);
    CHECK(bob.told("transportsLost") == 1);
    CHECK(cat.messages == said);
    CHECK(server.hears(cat) == Voices{"dan"});
    CHECK(server.events("worker.lost") == 1);
    for (ModelClient* client : {&ada, &bob}) {
        client->make_transports();
        client->speak();
    }
    CHECK(server.hears(ada) == Voices{"bob"});
    CHECK(server.hears(bob) == Voices{"ada"});
    CHECK(server.hears(dan) == Voices{"cat"});
    CHECK(ada.told("peerClosed") == 0);
    server.advance(1s);
    CHECK(server.core().workers(server.now)[dead].state == WorkerState::Running);
    CHECK(server.core().workers(server.now)[dead].restarts == 1);
}

TEST_CASE("the only worker's rooms wait for it, and their clients are told when it is there") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("one", "ada");
    auto& bob = server.enter("one", "bob", false);
    server.kill_worker(0);
    CHECK(ada.told("transportsLost") == 0);
    CHECK(!server.core().ready());
    CHECK(ada.ask("createWebRtcTransport") == "!503 no worker runs; try again in a moment");
    server.advance(100ms);
    CHECK(server.core().ready());
    CHECK(ada.told("transportsLost") == 1);
    CHECK(bob.close_code == 4500);  // it has no other way to learn of it
    CHECK(ada.last("peerClosed") == R"({"peerId":"bob"})");
    ada.make_transports();
    CHECK(ada.speak().starts_with("{\"id\""));
}

TEST_CASE("a request that dies with the worker is answered") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("one", "ada");
    server.hold_workers = true;
    const uint64_t request =
        ada.send("restartIce", R"({"transportId":")" + ada.send_transport + R"("})");
    CHECK(ada.answer_to(request).empty());
    server.kill_worker(0);
    CHECK(ada.answer_to(request).starts_with("!503"));
}

TEST_CASE("a worker that fails again and again is started ever less often, up to 10 s") {
    ModelServer server;
    server.workers_start = false;
    server.start();
    std::vector<int64_t> waits;
    for (int i = 0; i < 9; ++i) {
        const base::Instant due = server.core().next_deadline();
        waits.push_back((due - server.now) / 1ms);
        server.advance(due - server.now);
    }
    CHECK(waits == std::vector<int64_t>{100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000});
    server.workers_start = true;
    server.advance(10s);
    REQUIRE(server.core().ready());
    server.advance(29s);
    server.kill_worker(0);  // too young to be called sound
    server.advance(9s);
    CHECK(!server.core().ready());
    server.advance(1s);
    REQUIRE(server.core().ready());
    server.advance(31s);
    server.kill_worker(0);
    server.advance(100ms);
    CHECK(server.core().ready());
}

TEST_CASE("a worker that does not answer for 10 s is killed and replaced") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("one", "ada");
    const uint32_t pid = server.worker(0).pid();
    server.worker(0).hangs = true;
    server.advance(9s);
    CHECK(server.worker(0).pid() == pid);
    server.advance(3s);
    CHECK(server.worker(0).pid() != pid);
    CHECK(ada.told("transportsLost") == 1);
    CHECK(server.last_event("worker.lost").data ==
          R"({"worker":0,"reason":"did not answer for 10 s"})");
}

TEST_CASE("a worker that speaks another version is not used") {
    ModelServer server;
    server.workers[0] = std::make_unique<ModelWorker>(7);
    server.workers[0]->major = 2;
    server.start();
    CHECK(server.workers[0] == nullptr);
    server.advance(100ms);  // one of our own version is started in its place
    CHECK(server.core().ready());
    CHECK(server.worker(0).pid() != 7);
}

TEST_CASE("a worker that says what is no frame, or what it was not asked, is killed") {
    for (const bool garbage : {true, false}) {
        ModelServer server;
        server.start();
        server.enter("one", "ada");
        const uint32_t pid = server.worker(0).pid();
        if (garbage) {
            const std::vector<uint8_t> bytes(64, 0xff);
            server.from_worker(0, bytes);
        } else {
            ModelWorker other(1);  // answers a request of another controller
            server.hold_workers = true;
            server.advance(1s);
            REQUIRE(server.held.size() == 1);
            const auto answer = other.on_frame(server.held[0].second);
            server.from_worker(0, answer);
            CHECK(server.events("worker.lost") == 0);
            server.from_worker(0, answer);
            server.hold_workers = false;
            server.held.clear();
        }
        CHECK(server.events("worker.lost") == 1);
        server.advance(1s);
        CHECK(server.worker(0).pid() != pid);
    }
}

TEST_CASE("a frame that ends badly counts for nothing, whatever good it began with") {
    ModelServer server;
    server.start();
    server.enter("one", "ada");
    auto& bob = server.client("one", "bob");
    bob.connect();
    bob.ask("join", std::string(R"({"displayName":"B","rtpCapabilities":)") + kBrowser + "}");
    server.worker(0).babbles = true;
    // The answer would have bob hear ada, by a worker that is being killed.
    CHECK(bob.ask("createWebRtcTransport").starts_with("!503"));
    CHECK(server.events("worker.lost") == 1);
    server.advance(100ms);
    bob.make_transports();
    CHECK(bob.speak().starts_with("{"));
}

TEST_CASE("a room that its worker refuses is closed, and its peers may try again") {
    ModelServer server;
    server.start();
    server.worker(0).most_routers = 1;
    server.enter("one", "ada");
    auto& bob = server.client("two", "bob");
    bob.connect();
    CHECK(bob.close_code == 4429);
    CHECK(bob.close_reason == "capacity");
    CHECK(!server.core().room("two").ok());
}

TEST_CASE("workers say once a second how they fare") {
    ModelServer server;
    server.start();
    server.enter("one", "ada");
    server.advance(1s);
    const WorkerInfo info = server.core().workers(server.now)[0];
    CHECK(info.rooms == 1);
    CHECK(info.transports == 2);
    CHECK(info.producers == 1);
    CHECK(info.packets_received == 11);
    CHECK(info.pid == server.worker(0).pid());
    REQUIRE(info.drops.size() == 1);
    CHECK(info.drops[0] == std::pair<std::string, uint64_t>{"not_stun", 7});
    const size_t frames = server.worker(0).frames;
    server.advance(10s);
    CHECK(server.worker(0).frames == frames + 10);
}

TEST_CASE("clients that come before the workers have been heard of wait, and lose nothing") {
    ModelServer server;
    server.workers[0] = std::make_unique<ModelWorker>(7);
    server.hold_workers = true;  // the handshake takes its time
    server.start();
    auto& ada = server.client("standup", "ada");
    ada.connect();
    const uint64_t asked = ada.send("getRouterRtpCapabilities");
    CHECK(ada.messages == 0);
    CHECK(server
              .call([&](Controller& core, base::Instant now, Outputs& out) {
                  return core.create_room(now, "x", {}, out);
              })
              .error()
              .code == ErrorCode::Unavailable);
    server.hold_workers = false;
    const auto hello = server.held.front().second;
    server.from_worker(0, server.worker(0).on_frame(hello));
    CHECK(ada.answer_to(asked).find("audio/opus") != std::string::npos);
    ada.enter();
    CHECK(server.core().room("standup").value().peers.size() == 1);
}

TEST_CASE("statistics reach the client that asks, under mediasoup's names") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("one", "ada");
    auto& bob = server.enter("one", "bob");
    const std::string transport =
        ada.ask("getTransportStats", R"({"transportId":")" + ada.send_transport + R"("})");
    CHECK(transport.find(R"("dtlsState":"connected")") != std::string::npos);
    CHECK(transport.find(R"("bytesSent":4)") != std::string::npos);
    const std::string producer =
        ada.ask("getProducerStats", R"({"producerId":")" + ada.producer + R"("})");
    CHECK(producer.find(R"("packetCount":50)") != std::string::npos);
    CHECK(producer.find(R"("jitter":2.5)") != std::string::npos);
    CHECK(producer.find("roundTripTime") == std::string::npos);  // not known
    const std::string consumer = std::to_string(bob.consumers.begin()->first);
    const std::string stats =
        bob.ask("getConsumerStats", R"({"consumerId":")" + consumer + R"("})");
    CHECK(stats.find(R"("packetsLost":-2)") != std::string::npos);
    CHECK(stats.find(R"("roundTripTime":33)") != std::string::npos);
    CHECK(bob.ask("getProducerStats", R"({"producerId":")" + ada.producer + R"("})") ==
          "!404 no such producer");
}
