#include "router-service/surplus.h"

#include <doctest/doctest.h>

#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using cluster::ServerState;
using test::beat_of;
using test::kStart;

// Servers of four cores that are there, and what is wanted of them.
class Fleet {
public:
    struct Server {
        uint32_t people;
        ServerState state = ServerState::Up;
        bool leaving = false;
    };

    std::vector<std::string> wishes(uint32_t needed, uint32_t surplus) {
        now += 10s;
        picture = Picture(1);
        for (const auto& [id, server] : servers) {
            auto beat = beat_of(id, 1, 1.0);
            beat.whole = true;
            beat.load.peers = server.people;
            beat.state = server.state;
            beat.leaving = server.leaving;
            picture.on_beat(now, beat);
        }
        ScaleSignal signal{.needed = needed, .surplus = surplus};
        signal.sample = sample_of(picture);
        std::vector<std::string> said;
        for (const Surplus::Wish& wish : rules.on_sample(now, signal, picture)) {
            said.push_back((wish.drain ? "drain " : "undrain ") + wish.server);
            servers[wish.server].state = wish.drain ? ServerState::Draining : ServerState::Up;
        }
        return said;
    }

    std::map<std::string, Server> servers = {{"a", {30}}, {"b", {10}}, {"c", {20}}};
    Surplus rules{{.drains = true}};
    Picture picture{1};
    Instant now = kStart;
};

using Said = std::vector<std::string>;

TEST_CASE("the emptiest of too many servers is drained, one after the other") {
    Fleet fleet;
    CHECK(fleet.wishes(3, 0) == Said{});
    CHECK(fleet.wishes(1, 2) == Said{"drain b"});
    CHECK(fleet.wishes(1, 2) == Said{});  // it drains already, and is one of the surplus
    fleet.servers["b"].state = ServerState::Drained;
    CHECK(fleet.wishes(1, 1) == Said{"drain c"});
    CHECK(fleet.rules.drained() == 2);
}

TEST_CASE("what is needed again is taken back, the fullest first, and only what is ours") {
    Fleet fleet;
    fleet.servers["d"] = {.people = 99, .state = ServerState::Draining};  // somebody else's
    CHECK(fleet.wishes(1, 2) == Said{});
    fleet.servers.erase("d");
    CHECK(fleet.wishes(1, 2) == Said{"drain b"});
    fleet.servers["b"].state = ServerState::Drained;
    CHECK(fleet.wishes(1, 1) == Said{"drain c"});
    fleet.servers["d"] = {.people = 99, .state = ServerState::Draining};
    CHECK(fleet.wishes(2, 0) == Said{"undrain c"});
    CHECK(fleet.wishes(3, 0) == Said{"undrain b"});
    CHECK(fleet.wishes(4, 0) == Said{});
}

TEST_CASE("a server on its way out is not called back, and the last one is never drained") {
    Fleet fleet;
    CHECK(fleet.wishes(1, 2) == Said{"drain b"});
    fleet.servers["b"].leaving = true;
    CHECK(fleet.wishes(3, 0) == Said{});
    CHECK(fleet.rules.drained() == 0);
    fleet.servers = {{"a", {30}}};
    CHECK(fleet.wishes(0, 1) == Said{});
}

TEST_CASE("nobody is drained where that was not asked for") {
    Fleet fleet;
    fleet.rules = Surplus({});
    CHECK(fleet.wishes(1, 2) == Said{});
}

}  // namespace
}  // namespace parley::router_service
