#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;
using Voices = std::set<std::string>;
using Servers = std::vector<std::string>;

namespace {

constexpr uint32_t kOwn = 0, kLent = 1;

// A room that fills the only worker of its server; ada and bob are in.
struct Hall {
    ModelServer server{{.server = "home", .workers = 1, .loans = 2}};
    ModelClient *ada, *bob;

    Hall() {
        server.start();
        ada = &server.enter("hall", "ada");
        bob = &server.enter("hall", "bob");
        server.burn({0.88});
    }
    Servers overflow() { return server.core().room("hall").value().overflow; }
    bool logged(const std::string& text) const {
        return std::any_of(server.logs.begin(), server.logs.end(),
                           [&](const Log& line) { return line.text.find(text) != line.text.npos; });
    }
};

}  // namespace

TEST_CASE("a room that fills its server goes on in a worker that another server lends") {
    Hall hall;
    CHECK(hall.overflow().empty());
    ModelClient& cat = hall.server.enter("hall", "cat");
    CHECK(hall.overflow() == Servers{"lender"});
    CHECK(hall.server.core().reports().at(0).overflow == Servers{"lender"});
    const auto found = hall.server.core().find_peers({.room = "", .peer = "CAT"});
    REQUIRE(found.size() == 1);
    CHECK(found[0].lender == "lender");
    CHECK_FALSE(found[0].worker);
    CHECK(hall.server.workers_of("hall") == std::vector<WorkerIndex>{kOwn});
    CHECK(hall.server.worker(kLent).name == "server home");
    CHECK(hall.server.hears(cat) == Voices{"ada", "bob"});
    CHECK(hall.server.hears(*hall.ada) == Voices{"bob", "cat"});
    hall.server.check_crossings();
    // It is the lender's, who counts it, and no place for new rooms.
    CHECK(hall.server.core().workers(hall.server.now).size() == 1);
    CHECK(hall.server.core().capacity(hall.server.now).most == doctest::Approx(0.85));
}

TEST_CASE("who comes while a worker is being lent waits, and says nothing in vain") {
    Hall hall;
    hall.server.hold_workers = true;
    ModelClient& cat = hall.server.client("hall", "cat");
    cat.connect();
    const uint64_t asked = cat.send("getRouterRtpCapabilities");
    CHECK(cat.connected());
    CHECK(cat.answer_to(asked).empty());
    hall.server.hold_workers = false;
    hall.server.release_all();
    CHECK(cat.answer_to(asked).starts_with("{"));
    CHECK(hall.server.core().room("hall").value().peers.size() == 3);
}

TEST_CASE("when nobody lends the client is told of the capacity, and nobody is asked for a while") {
    Hall hall;
    hall.server.lends = false;
    ModelClient& cat = hall.server.client("hall", "cat");
    cat.connect();
    CHECK(cat.close_code == 4429);
    CHECK(cat.close_reason == "capacity");
    CHECK(hall.logged("no other server lends a worker: nobody lends"));
    hall.server.lends = true;
    ModelClient& dan = hall.server.client("hall", "dan");
    dan.connect();
    CHECK(dan.close_code == 4429);
    hall.server.burn({0.88});
    ModelClient& eve = hall.server.enter("hall", "eve");
    CHECK(hall.server.hears(eve) == Voices{"ada", "bob"});
}

TEST_CASE("a lent worker that is lost is not started again: its peers find a place, or another") {
    Hall hall;
    ModelClient& cat = hall.server.enter("hall", "cat");
    hall.server.kill_worker(kLent);
    CHECK(hall.logged("lost the worker of server lender"));
    CHECK(hall.overflow().empty());
    CHECK(cat.told("transportsLost") == 1);
    hall.server.advance(60s);
    CHECK(hall.server.workers[kLent] == nullptr);
    CHECK(hall.server.events("worker.lost") == 0);
}

TEST_CASE("a worker that no room makes use of is given back, with nothing of ours in it") {
    Hall hall;
    ModelClient& cat = hall.server.enter("hall", "cat");
    cat.ask("leave");
    hall.server.advance(29s);
    CHECK(hall.overflow() == Servers{"lender"});
    hall.server.advance(40s);
    CHECK(hall.overflow().empty());
    CHECK(hall.logged("gave the worker of server lender back"));
    CHECK(hall.server.worker(kLent).routers().empty());
    CHECK(hall.server.worker(kLent).pipes().empty());
}

TEST_CASE("a controller that comes back finds the lent worker again, and nobody is moved") {
    Hall hall;
    ModelClient& cat = hall.server.enter("hall", "cat");
    hall.server.crash_controller();
    CHECK(hall.overflow() == Servers{"lender"});
    REQUIRE(hall.server.recalled.size() == 1);
    CHECK(hall.server.recalled[0] == LentWorker{"lender", 7});
    for (ModelClient* client : {hall.ada, hall.bob, &cat}) client->resume();
    CHECK(cat.told("transportsLost") == 0);
    CHECK(hall.server.hears(cat) == Voices{"ada", "bob"});
    CHECK(hall.server.hears(*hall.ada) == Voices{"bob", "cat"});
    hall.server.check_crossings();
    // What was told of the room says so no longer when it has left the worker.
    cat.ask("leave");
    hall.server.advance(90s);
    hall.server.recalled.clear();
    hall.server.crash_controller();
    CHECK(hall.server.recalled.empty());
}

TEST_CASE(
    "a controller that comes back without its lender goes on without the peers that were there") {
    Hall hall;
    ModelClient& cat = hall.server.enter("hall", "cat");
    hall.server.lends = false;
    hall.server.crash_controller();
    CHECK(hall.overflow().empty());
    hall.ada->resume();
    CHECK(hall.server.hears(*hall.ada) == Voices{"bob"});
    cat.resume();
    CHECK(cat.close_code == 4404);
    // The lender is there again: what is left in its worker is closed.
    hall.server.lends = true;
    hall.server.burn({0.88});
    hall.server.enter("hall", "cat");
    CHECK(hall.overflow() == Servers{"lender"});
    CHECK(hall.server.worker(kLent).routers().size() == 1);
}

TEST_CASE("a worker is lent only by who has one to spare") {
    ModelServer server{{.workers = 2}};
    server.start();
    server.burn({0.4, 0.3});
    CHECK(server.core().worker_to_lend(server.now) == 1u);
    server.burn({0.6, 0.6});
    CHECK_FALSE(server.core().worker_to_lend(server.now).has_value());
}
