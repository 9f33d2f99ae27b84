#include <doctest/doctest.h>

#include "tests/sim/cluster.h"

using namespace parley;
using namespace parley::sim;
using Nomination = ControllingAgent::Nomination;

namespace {

// Ada talks to Bob all the time, and may go anywhere.
struct Call {
    explicit Call(uint64_t seed, const PeerOptions& options = {})
        : cluster(seed),
          room(cluster.room("call")),
          ada(room.join("ada", options)),
          bob(room.join("bob")) {
        REQUIRE(cluster.settle());
        ada.speak(200s);
        bob.speak(200s);
        cluster.run(3s);
    }

    base::Duration gap_of(const Peer& listener, const Peer& speaker) const {
        return listener.heard(speaker).longest_gap();
    }

    Cluster cluster;
    Room room;
    Peer ada, bob;
};

}  // namespace

TEST_CASE("a phone that leaves Wi-Fi is heard again within two round trips, and hears") {
    for (const auto nomination : {Nomination::Regular, Nomination::Aggressive, Nomination::Once}) {
        Call call(21, {.nomination = nomination});
        call.ada.roam();
        call.cluster.run(5s);
        CHECK(call.gap_of(call.bob, call.ada) <= 100ms);
        CHECK(call.gap_of(call.ada, call.bob) <= 200ms);
    }
}

TEST_CASE("a phone that roams ten times is heard all along") {
    Call call(22);
    for (int i = 0; i < 10; ++i) {
        call.ada.roam();
        call.cluster.run(4s);
    }
    CHECK(call.gap_of(call.bob, call.ada) <= 100ms);
    CHECK(call.gap_of(call.ada, call.bob) <= 200ms);
}

TEST_CASE("whose NAT gave them another port is heard again with the next check") {
    Call call(23, {.nomination = Nomination::Aggressive});
    call.ada.rebind();
    call.cluster.run(15s);
    CHECK(call.gap_of(call.bob, call.ada) <= 5200ms);
    CHECK(call.gap_of(call.ada, call.bob) <= 5200ms);
}

TEST_CASE("an ICE restart is not heard") {
    for (const auto nomination : {Nomination::Regular, Nomination::Aggressive, Nomination::Once}) {
        Call call(24, {.nomination = nomination});
        call.ada.restart_ice();
        call.cluster.run(5s);
        CHECK(call.gap_of(call.bob, call.ada) == 20ms);
        CHECK(call.gap_of(call.ada, call.bob) == 20ms);
        CHECK(call.ada.browser().ice_restarts() == 2);
    }
}

TEST_CASE("IPv4 and IPv6, a DTLS client and a DTLS server, talk to each other") {
    for (const bool v6 : {false, true}) {
        for (const auto role : {dtls::Role::Client, dtls::Role::Server}) {
            Call call(25, {.v6 = v6, .role = role});
            CHECK(call.gap_of(call.bob, call.ada) == 20ms);
            CHECK(call.gap_of(call.ada, call.bob) == 20ms);
        }
    }
}

TEST_CASE("nothing is sent to who did not consent for 30 s, and all is well when they return") {
    Call call(26);
    call.ada.uplink().loss = 1;
    call.cluster.run(31s);
    const auto& worker = *call.cluster.machine().worker(call.room.worker());
    const auto unsent = [&] {
        return worker.engine().counters().drops[net::Drop::ConsumerNotConnected];
    };
    const uint64_t before = unsent();
    call.cluster.run(2s);
    CHECK(unsent() - before == 100);
    call.ada.uplink().loss = 0;
    const base::Instant back = call.cluster.now();
    call.cluster.run(10s);
    CHECK(call.bob.heard(call.ada).since(back + 4s).longest_gap() == 20ms);
    CHECK(call.ada.heard(call.bob).since(back + 4s).longest_gap() == 20ms);
}

TEST_CASE("a handshake gets through 30 % loss in both directions") {
    Cluster cluster(27);
    auto room = cluster.room("call");
    auto ada = room.join("ada"), bob = room.join("bob");
    ada.uplink().loss = ada.downlink().loss = 0.3;
    CHECK(cluster.settle(30s));
    ada.speak(4s);
    cluster.run(6s);
    CHECK(bob.heard(ada).words() > 100);
}

TEST_CASE("a narrow line carries four voices") {
    Cluster cluster(28);
    auto room = cluster.room("call");
    auto ada = room.join("ada");
    std::vector<Peer> others;
    for (const char* name : {"bob", "carl", "dora", "eve"}) others.push_back(room.join(name));
    REQUIRE(cluster.settle());
    ada.downlink().bandwidth_bps = 300'000;
    for (Peer& other : others) other.speak(5s);
    cluster.run(7s);
    for (const Peer& other : others) CHECK(ada.heard(other).words() == 250);
}
