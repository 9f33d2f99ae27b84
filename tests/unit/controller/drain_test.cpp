#include "controller/drain.h"

#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::controller;
using cluster::ServerState;

namespace {
constexpr Instant kNow = Instant::from_micros(1'000'000'000);
}

TEST_CASE("a server is drained when its last room is over, or at the deadline") {
    Drain drain;
    CHECK_FALSE(drain.on_rooms(kNow, 3));
    CHECK(drain.state() == ServerState::Up);
    drain.begin(kNow, 10s, false);
    CHECK_FALSE(drain.on_rooms(kNow + 9s, 3));
    CHECK(drain.state() == ServerState::Draining);
    CHECK(drain.left(kNow + 9s) == 1s);
    CHECK(drain.on_rooms(kNow + 10s, 3));
    CHECK(drain.state() == ServerState::Drained);
    CHECK_FALSE(drain.on_rooms(kNow + 11s, 0));
    CHECK_FALSE(drain.left(kNow + 11s));

    drain = Drain();
    drain.begin(kNow, {}, false);
    CHECK_FALSE(drain.on_rooms(kNow + 9h, 1));
    CHECK_FALSE(drain.on_rooms(kNow + 9h, 0));
    CHECK(drain.state() == ServerState::Drained);
}

TEST_CASE("a drain is undone whole, and one for good is not forgotten when it is asked for again") {
    Drain drain;
    drain.begin(kNow, 10s, true);
    drain.begin(kNow, 20s, false);
    CHECK(drain.for_good());
    CHECK(drain.deadline() == kNow + 20s);
    drain.undo();
    CHECK_FALSE(drain.is_on());
    CHECK_FALSE(drain.for_good());
    CHECK(drain.deadline().is_never());
}

TEST_CASE("people still come into the rooms of a server that drains, and open none") {
    test::ModelServer server({.workers = 1});
    server.start();
    server.enter("standup", "ada");
    server.core().set_draining(true);
    const test::ModelClient& bob = server.enter("standup", "bob");
    CHECK(server.hears(bob) == std::set<std::string>{"ada"});
    const auto refused = server.call([](Controller& core, Instant now, Outputs& out) {
        return core.create_room(now, "retro", {}, out);
    });
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::Unavailable);
    server.core().set_draining(false);
    CHECK(server.call([](Controller& core, Instant now, Outputs& out) {
        return core.create_room(now, "retro", {}, out).ok();
    }));
}
