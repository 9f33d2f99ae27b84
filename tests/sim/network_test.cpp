#include "tests/sim/network.h"

#include <doctest/doctest.h>

#include <string>

using namespace parley;
using namespace parley::sim;

namespace {

struct Listener final : Host {
    void on_datagrams(std::span<Arrived> batch) override {
        batches.push_back(batch.size());
        for (const Arrived& datagram : batch) {
            heard.emplace_back(datagram.bytes.begin(), datagram.bytes.end());
            from.push_back(datagram.from);
        }
    }

    std::vector<size_t> batches;
    std::vector<std::string> heard;
    std::vector<net::Address> from;
};

struct Place {
    explicit Place(World& world) : line(world.fork_random()) {
        line.up.conditions.delay = line.down.conditions.delay = 10ms;
    }

    Listener host;
    Line line;
};

const net::Address kAda = net::Address::v4(1, 1);
const net::Address kBob = net::Address::v4(2, 2);
const net::Address kEve = net::Address::v4(3, 3);

struct Three {
    Three() {
        network.bind(kAda, ada.host, ada.line);
        network.bind(kBob, bob.host, bob.line);
    }

    void say(const std::string& text, const net::Address& to) {
        network.send(kAda, to, base::as_bytes(text));
    }

    World world{3};
    Network network{world};
    Place ada{world}, bob{world};
};

}  // namespace

TEST_CASE("a datagram takes the sender's uplink and the receiver's downlink, and only goes there") {
    Three three;
    three.say("hello", kBob);
    three.world.run_until(three.world.now() + 19ms);
    CHECK(three.bob.host.heard.empty());
    three.world.run_until(three.world.now() + 1ms);
    CHECK(three.bob.host.heard == std::vector<std::string>{"hello"});
    CHECK(three.bob.host.from == std::vector{kAda});
    CHECK(three.ada.host.heard.empty());
}

TEST_CASE("what arrives in one instant is one batch, in the order it was sent") {
    Three three;
    three.say("one", kBob);
    three.say("two", kBob);
    three.world.run_until(three.world.now() + 1s);
    CHECK(three.bob.host.batches == std::vector<size_t>{2});
    CHECK(three.bob.host.heard == std::vector<std::string>{"one", "two"});
}

TEST_CASE("who moved away is not found, and nobody can send from where nobody is") {
    Three three;
    three.say("under way", kBob);
    three.network.unbind(kBob);
    three.network.send(kEve, kAda, base::as_bytes("from nowhere"));
    three.say("too late", kBob);
    three.world.run_until(three.world.now() + 1s);
    CHECK(three.bob.host.heard.empty());
    CHECK(three.ada.host.heard.empty());
    CHECK(three.network.sent() == 2);
    CHECK(three.network.unreachable() == 2);
}

TEST_CASE("everything sent is delivered, lost or found nobody") {
    Three three;
    three.bob.line.down.conditions.loss = 0.3;
    for (int i = 0; i < 1'000; ++i) three.say(std::to_string(i), i % 10 == 0 ? kEve : kBob);
    three.world.run_until(three.world.now() + 1s);
    CHECK(three.network.lost() > 200);
    CHECK(three.network.unreachable() == 100);
    CHECK(three.network.delivered() + three.network.lost() + 100 == 1'000);
}
