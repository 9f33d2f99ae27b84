#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;
using Voices = std::set<std::string>;
using Workers = std::vector<WorkerIndex>;

namespace {

size_t refusals(const ModelServer& server) {
    size_t count = 0;
    for (const auto& worker : server.workers) count += worker ? worker->refusals : 0;
    return count;
}

// A room over three workers: ada and bob in the first, cat in the second, dan in the third.
struct Hall {
    ModelServer server{{.workers = 3}};
    ModelClient *ada, *bob, *cat, *dan;

    Hall() {
        server.start();
        ada = &server.enter("hall", "ada");
        bob = &server.enter("hall", "bob");
        server.burn({0.88, 0.5, 0.6});
        cat = &server.enter("hall", "cat");
        server.burn({0.88, 0.88, 0.6});
        dan = &server.enter("hall", "dan");
        server.burn({0.5, 0.5, 0.5});
    }

    void all_hear_all() {
        CHECK(server.hears(*ada) == Voices{"bob", "cat", "dan"});
        CHECK(server.hears(*bob) == Voices{"ada", "cat", "dan"});
        CHECK(server.hears(*cat) == Voices{"ada", "bob", "dan"});
        CHECK(server.hears(*dan) == Voices{"ada", "bob", "cat"});
        server.check_crossings();
    }
};

}  // namespace

TEST_CASE("a room that fills its worker goes on in the next, and everyone hears everyone") {
    Hall hall;
    CHECK(hall.server.workers_of("hall") == Workers{0, 1, 2});
    hall.all_hear_all();
    // ada and bob are heard in both other workers, each by one who listens there.
    CHECK(hall.server.worker(0).leaving().size() == 4);
    CHECK(hall.server.worker(0).arrived().size() == 2);
    CHECK(hall.server.worker(1).arrived().size() == 3);
    CHECK(hall.server.worker(0).pipes().size() == 2);
    auto& eve = hall.server.enter("hall", "eve");  // where the room began, there is space again
    CHECK(hall.server.workers_of("hall") == Workers{0, 1, 2});
    CHECK(hall.server.hears(eve) == Voices{"ada", "bob", "cat", "dan"});
    CHECK(hall.server.worker(0).arrived().size() == 2);  // cat and dan cross once for all there
    CHECK(refusals(hall.server) == 0);
}

TEST_CASE("rooms that share workers share their pipe, and never each other's voices") {
    Hall hall;
    hall.server.burn({0.6, 0.5, 0.6});
    auto& eve = hall.server.enter("stage", "eve");
    CHECK(hall.server.workers_of("stage") == Workers{1});
    hall.server.burn({0.5, 0.88, 0.6});
    auto& fay = hall.server.enter("stage", "fay");
    CHECK(hall.server.workers_of("stage") == Workers{1, 0});
    CHECK(hall.server.hears(eve) == Voices{"fay"});
    CHECK(hall.server.hears(fay) == Voices{"eve"});
    hall.all_hear_all();
    CHECK(hall.server.worker(0).pipes().size() == 2);
}

TEST_CASE("who is muted is silent in every worker") {
    Hall hall;
    const auto mute = [&](bool muted) {
        REQUIRE(hall.server.call([&](Controller& core, Instant now, Outputs& out) {
            return core.mute_peer(now, "hall", "ada", muted, out);
        }));
    };
    mute(true);
    CHECK(hall.server.hears(*hall.bob) == Voices{"cat", "dan"});
    CHECK(hall.server.hears(*hall.cat) == Voices{"bob", "dan"});
    size_t paused = 0;
    for (const auto& [id, arrived] : hall.server.worker(1).arrived()) paused += arrived.paused;
    CHECK(paused == 1);
    hall.server.burn({0.88, 0.88, 0.5});
    auto& eve = hall.server.enter("hall", "eve");
    CHECK(hall.server.hears(eve) == Voices{"bob", "cat", "dan"});
    mute(false);
    CHECK(hall.server.hears(eve) == Voices{"ada", "bob", "cat", "dan"});
    CHECK(hall.server.hears(*hall.cat) == Voices{"ada", "bob", "dan", "eve"});
    CHECK(refusals(hall.server) == 0);
}

TEST_CASE("what nobody hears does not cross, and what nobody needs is closed after a while") {
    Hall hall;
    hall.cat->lose_connection();
    hall.server.advance(16s);  // her grace time
    CHECK(hall.server.worker(1).arrived().empty());
    CHECK(hall.server.worker(0).leaving().size() == 2);  // to dan
    CHECK(hall.server.workers_of("hall") == Workers{0, 1, 2});
    CHECK(hall.server.worker(1).pipes().size() == 2);
    hall.server.advance(31s);
    CHECK(hall.server.workers_of("hall") == Workers{0, 2});
    CHECK(hall.server.worker(1).routers().empty());
    CHECK(hall.server.worker(1).pipes().empty());
    CHECK(hall.server.hears(*hall.dan) == Voices{"ada", "bob"});
    hall.server.check_crossings();
    hall.ada->ask("leave");
    hall.bob->ask("leave");
    hall.server.advance(31s);
    CHECK(hall.server.workers_of("hall") == Workers{2});  // where it began is spare, too
    hall.dan->ask("leave");
    hall.server.advance(31s);
    CHECK(hall.server.workers_of("hall") == Workers{2});
    CHECK(refusals(hall.server) == 0);
}

TEST_CASE("a worker dies with a part of a room: the others go on, and it comes back elsewhere") {
    Hall hall;
    const size_t told = hall.dan->told("consumerClosed");
    hall.server.kill_worker(1);
    CHECK(hall.cat->told("transportsLost") == 1);
    CHECK(hall.ada->told("transportsLost") + hall.dan->told("transportsLost") == 0);
    CHECK(hall.dan->told("consumerClosed") == told + 1);  // cat's voice
    CHECK(hall.server.hears(*hall.dan) == Voices{"ada", "bob"});
    CHECK(hall.server.hears(*hall.ada) == Voices{"bob", "dan"});
    CHECK(hall.server.workers_of("hall") == Workers{0, 2});
    hall.cat->make_transports();
    hall.cat->speak();
    hall.all_hear_all();
    CHECK(hall.server.worker(0).pipes().size() == 1);
    hall.server.kill_worker(0);
    hall.server.advance(1s);
    for (ModelClient* lost : {hall.ada, hall.bob, hall.cat}) {
        if (lost->send_transport.empty()) lost->make_transports(), lost->speak();
    }
    hall.all_hear_all();
}

TEST_CASE("the controller dies, and what crosses goes on as it did") {
    Hall hall;
    const auto consumers = hall.server.worker(1).consumers().size();
    hall.server.crash_controller();
    hall.all_hear_all();  // before anybody came back
    CHECK(hall.server.workers_of("hall") == Workers{0, 1, 2});
    CHECK(hall.server.worker(1).consumers().size() == consumers);
    for (ModelClient* client : {hall.ada, hall.bob, hall.cat, hall.dan}) client->resume();
    for (ModelClient* client : {hall.ada, hall.bob, hall.cat, hall.dan}) {
        CHECK(client->told("consumerClosed") == 0);
        client->ask("sync");
    }
    hall.all_hear_all();
    auto& eve = hall.server.enter("hall", "eve");
    CHECK(hall.server.hears(eve) == Voices{"ada", "bob", "cat", "dan"});
    hall.cat->ask("leave");
    CHECK(hall.server.worker(1).arrived().empty());
    CHECK(refusals(hall.server) == 0);
}

TEST_CASE("the controller dies between the two ends of a crossing: it is made again") {
    Hall hall;
    hall.server.hold_workers = true;
    hall.cat->send("produce", R"({"transportId":")" + hall.cat->send_transport +
                                  R"(","kind":"audio","rtpParameters":)" + microphone(77, "9") +
                                  "}");
    hall.server.release(1);  // the producer
    hall.server.release(1);  // it leaves for the others, who do not know yet
    CHECK(hall.server.worker(1).leaving().size() == 4);
    CHECK(hall.server.worker(0).arrived().size() == 2);
    hall.server.hold_workers = false;
    hall.server.crash_controller();
    hall.server.check_crossings();
    CHECK(hall.server.worker(0).arrived().size() == 3);
    for (ModelClient* client : {hall.ada, hall.bob, hall.cat, hall.dan}) client->resume();
    hall.all_hear_all();
}

TEST_CASE("a pipe that is refused is tried again") {
    ModelServer server({.workers = 2});
    server.start();
    auto& ada = server.enter("hall", "ada");
    server.burn({0.88, 0.5});
    server.worker(1).most_pipes = 0;
    auto& bob = server.enter("hall", "bob");
    CHECK(server.hears(bob).empty());
    CHECK(server.worker(0).pipes().empty());
    CHECK(server.worker(0).leaving().empty());
    server.advance(5s);
    server.worker(1).most_pipes = 10;
    server.advance(2s);
    CHECK(server.hears(bob) == Voices{"ada"});
    CHECK(server.hears(ada) == Voices{"bob"});
    server.check_crossings();
}

TEST_CASE("a voice that cannot cross is heard where it is spoken") {
    Hall hall;
    for (auto& worker : hall.server.workers) worker->most_crossing = worker->arrived().size();
    auto& eve = hall.server.enter("hall", "eve");
    CHECK(hall.server.hears(eve) == Voices{"ada", "bob", "cat", "dan"});
    CHECK(hall.server.hears(*hall.ada).contains("eve"));
    CHECK(!hall.server.hears(*hall.cat).contains("eve"));
    hall.server.check_crossings();
}

TEST_CASE("who leaves while its voice is on its way leaves nothing behind") {
    Hall hall;
    for (int frames = 0; frames < 8; ++frames) {
        hall.server.hold_workers = true;
        hall.cat->send(
            "produce",
            R"({"transportId":")" + hall.cat->send_transport +
                R"(","kind":"audio","rtpParameters":)" +
                microphone(100 + static_cast<uint32_t>(frames), std::to_string(50 + frames)) + "}");
        for (int i = 0; i < frames && !hall.server.held.empty(); ++i) {
            hall.server.release(hall.server.held.front().first);
        }
        hall.cat->send("leave");
        hall.server.release_all();
        hall.server.check_crossings();
        CHECK(hall.server.hears(*hall.ada) == Voices{"bob", "dan"});
        CHECK(hall.server.worker(1).leaving().empty());
        hall.cat = &hall.server.enter("hall", "cat");
        hall.all_hear_all();
    }
}

TEST_CASE("nobody is let in whom the others' workers cannot carry") {
    Hall hall;
    hall.server.burn({0.88, 0.88, 0.88});
    auto& eve = hall.server.client("hall", "eve");
    eve.connect();
    CHECK(eve.close_code == 4429);
    hall.server.burn({0.97, 0.5, 0.5});  // there is a place, but those in the first would hear her
    eve.connect();
    CHECK(eve.close_code == 4429);
    hall.all_hear_all();
}

TEST_CASE("a worker that has no router left to give turns away only who was to be in it") {
    ModelServer server({.workers = 2});
    server.start();
    auto& ada = server.enter("hall", "ada");
    auto& bob = server.enter("hall", "bob");
    server.burn({0.88, 0.5});
    server.worker(1).most_routers = 0;
    auto& cat = server.client("hall", "cat");
    cat.connect();
    CHECK(cat.close_code == 4429);
    CHECK(server.hears(ada) == Voices{"bob"});
    CHECK(server.hears(bob) == Voices{"ada"});
    CHECK(server.workers_of("hall") == Workers{0});
}

TEST_CASE("levels of all workers are one list, and the loudest of their dominant ones talks") {
    Hall hall;
    const auto observers = [&](uint32_t worker) {
        return hall.server.worker(worker).observers(
            hall.server.worker(worker).routers().begin()->first);
    };
    const auto id = [](const ModelClient* who) { return std::stoull(who->producer); };
    const uint64_t piped = hall.server.worker(1).arrived().begin()->first;
    hall.server.from_worker(0, ModelWorker::volumes(observers(0)[0], {{id(hall.ada), -30}}));
    hall.server.advance(250ms);
    hall.server.from_worker(
        1, ModelWorker::volumes(observers(1)[0], {{id(hall.cat), -20}, {piped, -30}}));
    CHECK(hall.ada->last("audioLevels") ==
          R"({"levels":[{"peerId":"cat","dbov":-20},{"peerId":"ada","dbov":-30}]})");
    hall.server.from_worker(0, ModelWorker::dominant(observers(0)[1], id(hall.ada)));
    CHECK(hall.dan->last("activeSpeaker") == R"({"peerId":"ada","volume":-30})");
    hall.server.from_worker(1, ModelWorker::dominant(observers(1)[1], id(hall.cat)));
    CHECK(hall.dan->last("activeSpeaker") == R"({"peerId":"cat","volume":-20})");
    hall.server.kill_worker(1);
    CHECK(hall.dan->last("activeSpeaker") == R"({"peerId":"ada","volume":-30})");
    hall.server.from_worker(0, ModelWorker::volumes(observers(0)[0], {}));
    CHECK(hall.dan->last("audioLevels") == R"({"levels":[]})");
}
