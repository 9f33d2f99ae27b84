#include <doctest/doctest.h>

#include <algorithm>

#include "tests/sim/virtual_world/seeded_rand.h"
#include "tests/unit/dtls/pair.h"

using namespace parley;
using namespace parley::dtls;

namespace {

// The datagrams that a client and a server said to one another, and who said each.
struct Said {
    bool by_client;
    Bytes bytes;
};

std::vector<Said> conversation(const Identity& client, const Identity& server) {
    std::vector<Said> said;
    Pair pair(
        [&](Passing& passing) {
            said.push_back({passing.from_client, passing.bytes});
        },
        client, server);
    pair.start();
    pair.run();
    check_connected(pair);
    Flight out;
    pair.client.close(pair.now, out);
    for (const Bytes& bytes : out) said.push_back({true, bytes});
    return said;
}

// Keys and signatures come from the seed too, so that what fails fails again.
struct Seeded {
    explicit Seeded(uint64_t seed) : rand(seed) {}

    sim::SeededRand rand;
    std::unique_ptr<Identity> client = make_identity(), server = make_identity();
};

// Changes a few bytes, most often in the headers of records and messages, or the length.
void mutate(base::Random& random, Bytes& bytes) {
    const uint64_t times = 1 + random.below(4);
    for (uint64_t i = 0; i < times && !bytes.empty(); ++i) {
        const size_t heads = std::min<size_t>(bytes.size(), 40);
        const size_t among = random.below(2) == 0 ? heads : bytes.size();
        uint8_t& byte = bytes[random.below(among)];
        switch (random.below(5)) {
            case 0: byte = static_cast<uint8_t>(random.u32()); break;
            case 1: byte ^= static_cast<uint8_t>(1u << random.below(8)); break;
            case 2: bytes.resize(random.below(bytes.size() + 1)); break;
            case 3: bytes.insert(bytes.end(), 1 + random.below(60), byte); break;
            default:
                bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(random.below(bytes.size())));
        }
    }
}

// Mends the length of the only record, so that what is wrong is inside it.
void mend_length(Bytes& bytes) {
    if (bytes.size() < 13) return;
    bytes[11] = static_cast<uint8_t>((bytes.size() - 13) >> 8);
    bytes[12] = static_cast<uint8_t>(bytes.size() - 13);
}

Bytes mutated(base::Random& random, Bytes bytes) {
    mutate(random, bytes);
    if (random.below(2) == 0) mend_length(bytes);
    return bytes;
}

}  // namespace

TEST_CASE("20,000 mutated datagrams of other handshakes: no crash, and no connection") {
    const Seeded world(40);
    const std::vector<Said> said = conversation(*world.client, *world.server);
    sim::VirtualClock clock(kBegin);
    base::SeededRandom random(40);
    uint64_t malformed = 0;
    for (int i = 0; i < 20'000;) {
        const Role role = random.below(2) == 0 ? Role::Client : Role::Server;
        const Identity& identity = role == Role::Client ? *world.client : *world.server;
        Session session(identity, role, identity.fingerprints(), kBegin);
        Flight out;
        session.start(kBegin, out);
        for (int n = 0; n < 12 && session.state() != State::Failed; ++n) {
            const Said& one = said[random.below(said.size())];
            const bool as_it_was = random.below(4) == 0;
            i += !as_it_was;
            session.on_datagram(kBegin, as_it_was ? one.bytes : mutated(random, one.bytes), out);
            REQUIRE(session.state() != State::Connected);
        }
        malformed += session.malformed();
    }
    CHECK(malformed > 3'000);
    CHECK(malformed < 17'000);
}

TEST_CASE("handshakes whose datagrams are mutated on the way connect to nobody else") {
    const Seeded world(41);
    const auto stranger = make_identity();
    sim::VirtualClock clock(kBegin);
    base::SeededRandom random(41);
    size_t connected = 0, refused = 0;
    for (int i = 0; i < 1'000; ++i) {
        const bool wrong = random.below(4) == 0;
        Session server(wrong ? *stranger : *world.server, Role::Server,
                       world.client->fingerprints(), kBegin);
        Session client(*world.client, Role::Client, world.server->fingerprints(), kBegin);
        Flight to_server, to_client;
        client.start(kBegin, to_server);
        for (int round = 0; round < 6; ++round) {
            for (const Bytes& bytes : std::exchange(to_server, {})) {
                const bool change = random.below(8) == 0;
                server.on_datagram(kBegin, change ? mutated(random, bytes) : bytes, to_client);
            }
            for (const Bytes& bytes : std::exchange(to_client, {})) {
                const bool change = random.below(8) == 0;
                client.on_datagram(kBegin, change ? mutated(random, bytes) : bytes, to_server);
            }
        }
        const bool is_connected = client.state() == State::Connected;
        REQUIRE(!(wrong && is_connected));
        connected += is_connected;
        refused += client.why() == Why::FingerprintMismatch;
    }
    CHECK(connected > 200);
    CHECK(refused > 100);
}

TEST_CASE("a session that is connected stays so whatever is thrown at it") {
    const Seeded world(42);
    const std::vector<Said> other = conversation(*world.client, *world.server);
    base::SeededRandom random(42);
    Pair pair({}, *world.client, *world.server);
    pair.start();
    pair.run();
    check_connected(pair);
    const SrtpKeys keys = *pair.server.keys();
    std::vector<Bytes> seeds = pair.sent;
    for (const Said& one : other) seeds.push_back(one.bytes);
    Flight goodbye;
    pair.client.close(pair.now, goodbye);
    seeds.push_back(goodbye.front());
    for (int i = 0; i < 20'000; ++i) {
        const Bytes& seed = seeds[random.below(seeds.size())];
        const Bytes bytes = mutated(random, seed);
        // Whole records of the right client are no mutation, whatever else was changed.
        if (std::search(bytes.begin(), bytes.end(), goodbye.front().begin(),
                        goodbye.front().end()) != bytes.end()) {
            continue;
        }
        Flight out;
        pair.server.on_datagram(pair.now, bytes, out);
        REQUIRE(pair.server.state() == State::Connected);
    }
    CHECK(pair.server.keys()->local == keys.local);
    Flight out;
    pair.server.on_datagram(pair.now, goodbye.front(), out);
    CHECK(pair.server.state() == State::Closed);
}
