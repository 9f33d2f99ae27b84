#include <doctest/doctest.h>

#include "tests/unit/dtls/openssl_peer.h"
#include "tests/unit/dtls/pair.h"
#include "worker/limits.h"

using namespace parley;
using namespace parley::dtls;

namespace {

// The client's hello in as many datagrams as the MTU makes of it.
Flight long_hello(OpenSslPeer& peer, size_t mtu) {
    std::vector<uint8_t> protocols;
    for (int i = 0; i < 12; ++i) {  // 1,400 bytes and more, as browsers send
        protocols.push_back(100);
        protocols.insert(protocols.end(), 100, static_cast<uint8_t>('a' + i));
    }
    SSL_CTX_set_alpn_protos(peer.context, protocols.data(),
                            static_cast<unsigned>(protocols.size()));
    peer.begin(mtu);
    return peer.step();
}

// Carries datagrams to and fro, the first ones given, until there are none.
void converse(Session& session, OpenSslPeer& peer, Flight to_session) {
    while (!to_session.empty()) {
        Flight answers, next;
        for (const Bytes& datagram : to_session) session.on_datagram(kBegin, datagram, answers);
        for (const Bytes& datagram : answers) {
            Flight more = peer.step(datagram);
            next.insert(next.end(), more.begin(), more.end());
        }
        to_session = std::move(next);
    }
}

}  // namespace

TEST_CASE("two sessions agree on keys, AEAD_AES_128_GCM first") {
    Pair pair;
    pair.start();
    CHECK(pair.client.state() == State::Handshaking);
    CHECK(pair.server.state() == State::New);
    pair.run();
    check_connected(pair);
    CHECK(pair.client.keys()->profile == 0x0007);
    CHECK(pair.client.keys()->key_size == 16);
    CHECK(pair.client.keys()->salt_size == 12);
    CHECK(pair.now == kBegin + 40ms);  // two round trips
    CHECK(pair.client.next_deadline().is_never());
    CHECK(pair.server.next_deadline().is_never());
    for (const Bytes& datagram : pair.sent) CHECK(datagram.size() <= limits::kDtlsDatagramBytes);
}

TEST_CASE("whichever datagram is lost, both connect within a second") {
    for (size_t lost = 0; lost < 10; ++lost) {
        CAPTURE(lost);
        Pair pair([=](Passing& passing) { passing.copies = passing.number == lost ? 0 : 1; });
        pair.start();
        pair.run();
        check_connected(pair);
        CHECK(pair.now <= kBegin + 1s);
    }
}

TEST_CASE("the server's last flight is sent again to a client that missed it, whenever it asks") {
    int lost = 0;
    Pair pair;
    pair.link = [&](Passing& passing) {
        const bool last = !passing.from_client && pair.server.state() == State::Connected;
        if (last && lost < 4) passing.copies = (++lost, 0);
    };
    pair.start();
    pair.run();
    check_connected(pair);
    CHECK(lost == 4);
    CHECK(pair.now >= kBegin + 1'500ms);  // 100, 200, 400 and 800 ms of waiting
}

TEST_CASE("whatever is sent twice, or late, both connect") {
    for (uint64_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        base::SeededRandom random(seed);
        Pair pair([&](Passing& passing) {
            passing.copies = static_cast<int>(1 + random.below(2));
            passing.delay = base::Duration(random.below(60'000));
        });
        pair.start();
        pair.run();
        check_connected(pair);
    }
}

TEST_CASE("half of all datagrams are lost, and both connect or say why not") {
    size_t connected = 0;
    for (uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        base::SeededRandom random(seed);
        Pair pair([&](Passing& passing) { passing.copies = random.below(2) == 0 ? 0 : 1; });
        pair.start();
        pair.run();
        if (pair.client.state() == State::Connected) {
            check_connected(pair);
            ++connected;
        } else {
            CHECK(pair.client.why() == Why::Timeout);
        }
    }
    CHECK(connected > 50);
}

TEST_CASE("flights are sent again after 100 ms, and twice as long each time") {
    std::vector<int64_t> times;
    Pair pair;
    pair.link = [&](Passing& passing) {
        times.push_back((pair.now - kBegin) / 1ms);
        passing.copies = 0;
    };
    pair.start();
    pair.run();
    REQUIRE(times.size() > 8);
    times.resize(9);
    CHECK(times == std::vector<int64_t>{0, 100, 300, 700, 1'500, 3'100, 6'100, 9'100, 12'100});
    CHECK(pair.client.state() == State::Failed);
    CHECK(pair.client.why() == Why::Timeout);
    CHECK(pair.now <= kBegin + limits::kDtlsHandshake);
}

TEST_CASE("a server whose client goes silent gives up in time, and sends nothing after that") {
    Pair pair([](Passing& passing) { passing.copies = passing.number == 0 ? 1 : 0; });
    pair.start();
    pair.run();
    CHECK(pair.server.state() == State::Failed);
    CHECK(pair.server.why() == Why::Timeout);
    CHECK(pair.now <= kBegin + limits::kDtlsHandshake + 1s);
    Flight out;
    pair.server.on_datagram(pair.now, pair.sent[0], out);
    CHECK(out.empty());
}

TEST_CASE("a hello in several datagrams is heard in any order, and twice") {
    sim::VirtualClock clock(kBegin);
    for (const size_t mtu : {1'200u, 500u, 256u}) {
        for (uint64_t seed = 0; seed < 10; ++seed) {
            OpenSslPeer peer(Role::Client);
            Flight hello = long_hello(peer, mtu);
            REQUIRE(hello.size() >= 2);
            base::SeededRandom random(seed);
            for (size_t i = hello.size(); i > 1; --i) {
                std::swap(hello[i - 1], hello[random.below(i)]);
            }
            hello.push_back(hello[random.below(hello.size())]);
            Session session(server_identity(), Role::Server, peer.fingerprints(), kBegin);
            converse(session, peer, hello);
            CHECK(session.state() == State::Connected);
            CHECK(peer.connected());
            CHECK(session.malformed() == 0);
        }
    }
}

TEST_CASE("the profile is the best of those that both have, with OpenSSL as client and server") {
    sim::VirtualClock clock(kBegin);
    struct Case {
        const char* offered;
        uint16_t agreed;
        size_t key_size, salt_size;
    };
    for (const Case& c : {Case{"SRTP_AES128_CM_SHA1_80", 0x0001, 16, 14},
                          Case{"SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80", 0x0008, 32, 12},
                          Case{"SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM", 0x0007, 16, 12}}) {
        for (const Role role : {Role::Client, Role::Server}) {
            OpenSslPeer peer(role == Role::Client ? Role::Server : Role::Client);
            peer.profiles(c.offered);
            peer.begin();
            Session session(server_identity(), role, peer.fingerprints(), kBegin);
            if (role == Role::Client) {
                Flight hello, answer;
                session.start(kBegin, hello);
                for (const Bytes& datagram : hello) {
                    const Flight more = peer.step(datagram);
                    answer.insert(answer.end(), more.begin(), more.end());
                }
                converse(session, peer, answer);
            } else {
                converse(session, peer, peer.step());
            }
            REQUIRE(session.state() == State::Connected);
            CHECK(session.keys()->profile == c.agreed);
            CHECK(session.keys()->key_size == c.key_size);
            CHECK(session.keys()->salt_size == c.salt_size);

            // What the peer exports is what the session split: client key, server key, salts.
            const size_t key = c.key_size, salt = c.salt_size;
            std::vector<uint8_t> material(2 * (key + salt));
            REQUIRE(SSL_export_keying_material(peer.ssl, material.data(), material.size(),
                                               "EXTRACTOR-dtls_srtp", 19, nullptr, 0, 0) == 1);
            const SrtpKeys& keys = *session.keys();
            const auto& client = role == Role::Client ? keys.local : keys.remote;
            const auto& server = role == Role::Client ? keys.remote : keys.local;
            const auto at = material.begin();
            const auto is = [](auto from, size_t size, auto to) {
                return std::equal(from, from + static_cast<ptrdiff_t>(size), to);
            };
            const auto offset = [&](size_t by) { return at + static_cast<ptrdiff_t>(by); };
            CHECK(is(at, key, client.begin()));
            CHECK(is(offset(key), key, server.begin()));
            CHECK(is(offset(2 * key), salt, client.begin() + static_cast<ptrdiff_t>(key)));
            CHECK(is(offset(2 * key + salt), salt, server.begin() + static_cast<ptrdiff_t>(key)));
        }
    }
}
