#include "tests/sim/controlling_agent.h"

#include <doctest/doctest.h>

#include <array>

#include "tests/sim/network.h"
#include "worker/ice/lite_agent.h"
#include "worker/net/outbox.h"
#include "worker/stun/writer.h"

using namespace parley;
using namespace parley::sim;
using Nomination = ControllingAgent::Nomination;

namespace {

const net::Address kServer = net::Address::v4(0xc0000201, 40'000);
const net::Address kHome = net::Address::v4(0x0a000001, 50'000);
const net::Address kMobile = net::Address::v4(0x0a000002, 50'000);

// The real lite agent at an address.
struct Server final : Host, Waiter, net::DatagramSink {
    Server(World& in, Network& over)
        : world(in), network(over), line(in.fork_random()), id(in.join(*this)), out(*this) {
        network.bind(kServer, *this, line);
    }
    ~Server() override { world.leave(id); }
    void on_datagrams(std::span<Arrived> batch) override {
        for (const Arrived& datagram : batch) {
            ++checks;
            agent.on_stun(world.now(), {datagram.from, 0}, datagram.bytes, out);
        }
        out.flush();
        world.set_deadline(id, agent.next_deadline());
    }
    void on_deadline() override {
        agent.on_deadline(world.now());
        world.set_deadline(id, agent.next_deadline());
    }
    void send(std::span<const net::Datagram> batch) override {
        for (const auto& datagram : batch) {
            network.send(kServer, datagram.path.remote, datagram.bytes);
        }
    }

    World& world;
    Network& network;
    Line line;
    World::WaiterId id;
    net::Outbox out;
    base::SeededRandom random{9};
    ice::LiteAgent agent{ice::make_credentials(random), base::Instant{}};
    size_t checks = 0;
};

struct Client final : Host, Waiter {
    Client(World& in, Network& over, Nomination nomination)
        : world(in),
          network(over),
          line(in.fork_random()),
          id(in.join(*this)),
          agent(in.fork_random(), nomination,
                [this](const net::Address& to, base::Bytes bytes) {
                    network.send(address, to, bytes);
                }) {
        network.bind(address, *this, line);
    }
    ~Client() override { world.leave(id); }
    void on_datagrams(std::span<Arrived> batch) override {
        for (const Arrived& datagram : batch) {
            agent.on_stun(world.now(), datagram.from, datagram.bytes);
        }
        world.set_deadline(id, agent.next_deadline());
    }
    void on_deadline() override {
        agent.on_deadline(world.now());
        world.set_deadline(id, agent.next_deadline());
    }
    void start(const ice::Credentials& remote) {
        agent.start(world.now(), remote, {kServer});
        world.set_deadline(id, agent.next_deadline());
    }
    void move(bool knows) {
        network.unbind(address);
        address = kMobile;
        network.bind(address, *this, line);
        if (knows) agent.on_new_address(world.now());
        world.set_deadline(id, agent.next_deadline());
    }

    World& world;
    Network& network;
    Line line;
    World::WaiterId id;
    net::Address address = kHome;
    ControllingAgent agent;
};

struct Pair {
    explicit Pair(Nomination nomination = Nomination::Regular)
        : client(world, network, nomination) {
        client.start(server.agent.local());
    }
    void run(base::Duration how_long) { world.run_until(world.now() + how_long); }

    World world{11};
    Network network{world};
    Server server{world, network};
    Client client;
};

}  // namespace

TEST_CASE("it checks, nominates, and knows how it is seen") {
    for (const auto nomination : {Nomination::Regular, Nomination::Aggressive, Nomination::Once}) {
        Pair pair(nomination);
        pair.run(300ms);
        CHECK(pair.client.agent.state() == ControllingAgent::State::Connected);
        CHECK(pair.client.agent.selected() == kServer);
        CHECK(pair.client.agent.reflexive() == kHome);
        CHECK(pair.server.agent.state() == ice::State::Completed);
    }
}

TEST_CASE("it connects through 40 % loss") {
    Pair pair;
    pair.client.line.up.conditions.loss = 0.4;
    pair.run(8s);
    CHECK(pair.client.agent.state() == ControllingAgent::State::Connected);
}

TEST_CASE("it asks for consent about every 2.5 to 5 s, and fails 30 s after the last answer") {
    Pair pair;
    pair.run(1s);
    const size_t before = pair.server.checks;
    pair.run(60s);
    CHECK(pair.server.checks - before >= 12);
    CHECK(pair.server.checks - before <= 24);
    pair.client.line.up.conditions.loss = 1;
    pair.run(13s);
    CHECK(pair.client.agent.state() == ControllingAgent::State::Disconnected);
    pair.run(30s);
    CHECK(pair.client.agent.state() == ControllingAgent::State::Failed);
    CHECK(pair.server.agent.state() == ice::State::Disconnected);
}

TEST_CASE("one that knows it moved is on its new path after two round trips") {
    Pair pair;
    pair.run(1s);
    pair.client.move(true);
    pair.run(120ms);
    REQUIRE(pair.server.agent.selected());
    CHECK(pair.server.agent.selected()->remote == kMobile);
}

TEST_CASE("one that was moved by a NAT is found again by its consent checks") {
    const auto selected_after = [](Nomination nomination, base::Duration wait) {
        Pair pair(nomination);
        pair.run(1s);
        pair.client.move(false);
        pair.run(wait);
        REQUIRE(pair.server.agent.selected());
        return pair.server.agent.selected()->remote;
    };
    CHECK(selected_after(Nomination::Aggressive, 6s) == kMobile);
    CHECK(selected_after(Nomination::Regular, 20s) == kMobile);
    // It never nominates again: only the end of the old path's consent tells. RFC 7675 §5.1.
    CHECK(selected_after(Nomination::Once, 36s) == kMobile);
}

TEST_CASE("after a restart it connects with the new credentials") {
    Pair pair;
    pair.run(1s);
    pair.server.agent.restart(pair.world.now(), ice::make_credentials(pair.server.random));
    pair.client.start(pair.server.agent.local());
    pair.run(1s);
    CHECK(pair.client.agent.state() == ControllingAgent::State::Connected);
    CHECK(pair.server.agent.state() == ice::State::Completed);
}

TEST_CASE("an answer to nothing that was asked changes nothing") {
    Pair pair;
    pair.run(1s);
    std::array<uint8_t, 100> room{};
    const size_t size = stun::write_binding_success(room, {1, 2, 3}, {},
                                                    pair.server.agent.local().password);
    CHECK_FALSE(pair.client.agent.on_stun(pair.world.now(), kServer,
                                          base::Bytes(room).first(size)));
}
