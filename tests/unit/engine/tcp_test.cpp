#include <doctest/doctest.h>

#include "tests/unit/engine/fixture.h"

using namespace parley;
using namespace parley::test;
using net::Drop;

namespace {

engine::Options two_addresses(bool tcp) {
    engine::Options options;
    options.listens = {{*net::parse_ip("127.0.0.1", 40'000), "", tcp},
                       {*net::parse_ip("10.0.0.1", 40'000), "198.51.100.7", tcp}};
    return options;
}

// Local indexes of the first address, by two_addresses().
constexpr uint8_t kUdp = 0, kTcp = 2;

// What a controller was told of the transport's path since it was asked last: the last of it.
std::optional<pipe::IceState> state_told(Fixture& world, uint64_t transport) {
    std::optional<pipe::IceState> state;
    for (const Bytes& bytes : world.frames_to(kController)) {
        const auto* frame = flatbuffers::GetRoot<pipe::Frame>(bytes.data());
        if (!frame->notifications()) continue;
        for (const auto* one : *frame->notifications()) {
            const auto* changed = one->body_as_IceStateChanged();
            if (changed && changed->transport_id() == transport) state = changed->state();
        }
    }
    return state;
}

// Ada speaks (producer 20); Bob listens (consumer 30). Both may be reached over UDP and TCP.
struct TwoPeople {
    Fixture world{1, two_addresses(true)};
    bool router = world.create_router(1).ok();
    ModelPeer ada{world, 1, 10, 5001};
    ModelPeer bob{world, 1, 11, 5002};
    uint16_t said = 100;

    TwoPeople() {
        REQUIRE(world.produce(10, 20, {0x1111}).ok());
        REQUIRE(world.consume(11, 30, 20).ok());
    }

    void speak() {
        Packet packet;
        packet.sequence_number = ++said;
        packet.timestamp = 960u * said;
        ada.send_rtp(rtp_bytes(packet));
    }

    void end(const net::Path& connection) {
        world.engine.on_path_closed(world.now, connection, world.out);
        world.out.flush();
        world.engine.ensure_invariants();
    }
};

}  // namespace

TEST_CASE("a client is told of the TCP port of each address, after and below all of UDP") {
    Fixture world{1, two_addresses(true)};
    REQUIRE(world.create_router(1).ok());
    const Replied made = world.create_transport(1, 10);
    const auto* created = made->body_as_TransportCreated();
    REQUIRE(created->ice_candidates()->size() == 2);
    REQUIRE(created->tcp_candidates()->size() == 2);
    std::vector<std::string> foundations;
    for (const auto* all : {created->ice_candidates(), created->tcp_candidates()}) {
        CHECK(all->Get(0)->ip()->str() == "127.0.0.1");
        CHECK(all->Get(1)->ip()->str() == "198.51.100.7");
        CHECK(all->Get(0)->priority() > all->Get(1)->priority());
        for (const auto* one : *all) {
            CHECK(one->port() == 40'000);
            CHECK(std::count(foundations.begin(), foundations.end(), one->foundation()->str()) ==
                  0);
            foundations.push_back(one->foundation()->str());
        }
    }
    const auto* passive = created->tcp_candidates()->Get(0);
    CHECK(passive->priority() < created->ice_candidates()->Get(1)->priority());
    const uint32_t direction = (passive->priority() >> 8 & 0xffff) >> 13;
    const uint32_t component = 256 - (passive->priority() & 0xff);
    CHECK(direction == 4);  // passive, RFC 6544 §4.2
    CHECK(component == 1);
}

TEST_CASE("where TCP is off no client is told of it") {
    Fixture world{1, two_addresses(false)};
    REQUIRE(world.create_router(1).ok());
    const Replied made = world.create_transport(1, 10);
    CHECK(made->body_as_TransportCreated()->ice_candidates()->size() == 2);
    CHECK(made->body_as_TransportCreated()->tcp_candidates()->size() == 0);
    // It was taken, and is free now.
    world.engine.on_tcp_open();
    const Replied next = world.create_transport(1, 11);
    CHECK(next->body_as_TransportCreated()->tcp_candidates()->size() == 2);
}

TEST_CASE("a voice is heard over a connection as over UDP, and when it ends over UDP again") {
    TwoPeople room;
    const net::Path udp = room.bob.path();
    room.bob.move_to(6000, kTcp);
    const net::Path tcp = room.bob.path();
    CHECK_FALSE(room.world.engine.knows(tcp));
    room.bob.check();
    CHECK(room.world.engine.knows(tcp));
    room.speak();
    CHECK(room.bob.receive_rtp().size() == 1);
    room.world.frames_to(kController);

    room.end(tcp);
    CHECK_FALSE(room.world.engine.knows(tcp));
    CHECK(room.world.engine.knows(udp));
    CHECK(state_told(room.world, 11).has_value());
    room.speak();
    CHECK(room.world.post.take(tcp).empty());
    room.bob.move_to(udp.remote.port, kUdp);
    CHECK(room.bob.receive_rtp().size() == 1);
}

TEST_CASE("who has one connection and loses it is disconnected, and back with the next") {
    TwoPeople room;
    const net::Path udp = room.bob.path();
    room.bob.move_to(6000, kTcp);
    room.bob.check();
    room.end(udp);  // no such connection; but the path is forgotten as one
    room.world.frames_to(kController);

    room.end(room.bob.path());
    CHECK(state_told(room.world, 11) == pipe::IceState::Disconnected);
    room.speak();
    CHECK(room.world.drops(Drop::ConsumerNotConnected) == 1);
    room.bob.move_to(6001, kTcp);
    room.bob.check();
    CHECK(state_told(room.world, 11) == pipe::IceState::Completed);
    room.speak();
    CHECK(room.bob.receive_rtp().size() == 1);
    CHECK(room.world.drops(Drop::ConsumerNotConnected) == 1);
}

TEST_CASE("the end of a stranger's connection is nobody's") {
    TwoPeople room;
    room.world.frames_to(kController);
    room.end({*net::parse_ip("203.0.113.66", 6666), kTcp});
    CHECK_FALSE(state_told(room.world, 10));
    CHECK_FALSE(state_told(room.world, 11));
    room.speak();
    CHECK(room.bob.receive_rtp().size() == 1);
}
