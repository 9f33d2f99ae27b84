#include "worker/dtls/session.h"

#include <doctest/doctest.h>

#include "tests/unit/dtls/openssl_peer.h"
#include "tests/unit/dtls/pair.h"
#include "worker/limits.h"

using namespace parley;
using namespace parley::dtls;

namespace {

// A server session and OpenSSL as its client, after the handshake or its failure.
struct Served {
    explicit Served(void (*set_up)(OpenSslPeer&) = [](OpenSslPeer&) {}) {
        set_up(peer);
        peer.begin();
        to_session(peer.step());
    }

    void to_session(const Flight& datagrams) {
        for (const Bytes& datagram : datagrams) {
            Flight out;
            session.on_datagram(kBegin, datagram, out);
            for (const Bytes& answer : out) to_session(peer.step(answer));
        }
    }

    sim::VirtualClock clock{kBegin};
    OpenSslPeer peer{Role::Client};
    Session session{server_identity(), Role::Server, peer.fingerprints(), kBegin};
};

}  // namespace

TEST_CASE("a peer with another certificate is refused, whichever side it is") {
    const auto stranger = make_identity();
    for (const bool wrong_client : {true, false}) {
        Pair pair({}, client_identity(), server_identity());
        Session refusing(wrong_client ? server_identity() : client_identity(),
                         wrong_client ? Role::Server : Role::Client, stranger->fingerprints(),
                         kBegin);
        Session& other = wrong_client ? pair.client : pair.server;
        Flight to_other, to_refusing;
        pair.client.start(kBegin, to_refusing);
        refusing.start(kBegin, to_other);
        if (!wrong_client) to_refusing.clear();
        for (int i = 0; i < 5; ++i) {
            for (const Bytes& datagram : std::exchange(to_refusing, {})) {
                refusing.on_datagram(kBegin, datagram, to_other);
            }
            for (const Bytes& datagram : std::exchange(to_other, {})) {
                other.on_datagram(kBegin, datagram, to_refusing);
            }
        }
        CHECK(refusing.state() == State::Failed);
        CHECK(refusing.why() == Why::FingerprintMismatch);
        CHECK(!refusing.keys());
        CHECK(refusing.next_deadline().is_never());
        CHECK(other.state() == State::Failed);
        CHECK(other.why() == Why::Alert);
    }
}

TEST_CASE("no fingerprint at all is a mismatch") {
    sim::VirtualClock clock(kBegin);
    OpenSslPeer peer(Role::Client);
    peer.begin();
    Session session(server_identity(), Role::Server, {}, kBegin);
    Flight to_session = peer.step();
    for (int i = 0; i < 5; ++i) {
        Flight answers;
        for (const Bytes& datagram : std::exchange(to_session, {})) {
            session.on_datagram(kBegin, datagram, answers);
        }
        for (const Bytes& datagram : answers) {
            for (const Bytes& more : peer.step(datagram)) to_session.push_back(more);
        }
    }
    CHECK(session.why() == Why::FingerprintMismatch);
    CHECK(!peer.connected());
}

TEST_CASE("a peer without a profile of ours, or without SRTP, is refused") {
    Served other([](OpenSslPeer& peer) { peer.profiles("SRTP_AES128_CM_SHA1_32"); });
    CHECK(other.session.state() == State::Failed);
    CHECK(other.session.why() == Why::NoCommonProfile);
    CHECK(!other.peer.connected());
}

TEST_CASE("a peer without a cipher of ours is refused") {
    Served served([](OpenSslPeer& peer) {
        SSL_CTX_set_cipher_list(peer.context, "ECDHE-ECDSA-CHACHA20-POLY1305");
    });
    CHECK(served.session.state() == State::Failed);
    CHECK(served.session.why() == Why::ProtocolError);
}

TEST_CASE("a peer without a certificate is refused") {
    Served served([](OpenSslPeer& peer) { peer.with_certificate = false; });
    CHECK(served.session.state() == State::Failed);
    CHECK(served.session.why() == Why::ProtocolError);
}

TEST_CASE("our goodbye is understood by OpenSSL, in both ciphers") {
    for (const char* cipher : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"}) {
        static const char* wanted;
        wanted = cipher;
        Served served([](OpenSslPeer& peer) { SSL_CTX_set_cipher_list(peer.context, wanted); });
        REQUIRE(served.session.state() == State::Connected);
        Flight out;
        served.session.close(kBegin, out);
        REQUIRE(out.size() == 1);
        CHECK(served.session.state() == State::Closed);
        CHECK(served.session.why() == Why::ClosedHere);
        CHECK(!served.session.keys());
        served.peer.step(out[0]);
        CHECK(served.peer.error == SSL_ERROR_ZERO_RETURN);
        out.clear();
        served.session.close(kBegin, out);
        CHECK(out.empty());
    }
}

TEST_CASE("OpenSSL's goodbye is understood, answered, and heard once") {
    Served served;
    REQUIRE(served.session.state() == State::Connected);
    const Flight goodbye = served.peer.say_goodbye();
    REQUIRE(goodbye.size() == 1);
    Flight out;
    served.session.on_datagram(kBegin, goodbye[0], out);
    CHECK(served.session.state() == State::Closed);
    CHECK(served.session.why() == Why::ClosedByPeer);
    REQUIRE(out.size() == 1);
    served.peer.step(out[0]);
    CHECK((SSL_get_shutdown(served.peer.ssl) & SSL_RECEIVED_SHUTDOWN) != 0);
}

TEST_CASE("application data and a wish to renegotiate change nothing") {
    Served served;
    const Flight data = served.peer.say(base::as_bytes("hello"));
    SSL_renegotiate(served.peer.ssl);
    for (const Flight& flight : {data, data, served.peer.step()}) {
        Flight out;
        for (const Bytes& datagram : flight) served.session.on_datagram(kBegin, datagram, out);
        CHECK(out.empty());
    }
    CHECK(served.session.state() == State::Connected);
}

TEST_CASE("a forged goodbye, sealed or in the clear, closes nothing") {
    Served served;
    Bytes clear = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0};
    Bytes sealed = served.peer.say_goodbye()[0];
    sealed[sealed.size() - 1] ^= 1;
    Flight out;
    served.session.on_datagram(kBegin, clear, out);
    served.session.on_datagram(kBegin, sealed, out);
    CHECK(out.empty());
    CHECK(served.session.state() == State::Connected);
    CHECK(served.session.malformed() == 0);
    sealed[sealed.size() - 1] ^= 1;
    served.session.on_datagram(kBegin, sealed, out);
    CHECK(served.session.state() == State::Closed);
}

TEST_CASE("what is not DTLS is counted, and what comes before its time is dropped") {
    sim::VirtualClock clock(kBegin);
    Session server(server_identity(), Role::Server, client_identity().fingerprints(), kBegin);
    Flight out;
    const Bytes goodbye = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0};
    server.on_datagram(kBegin, goodbye, out);
    server.on_datagram(kBegin, Bytes{22, 0xfe, 0xfd}, out);
    server.on_datagram(kBegin, {}, out);
    CHECK(server.state() == State::New);
    CHECK(server.malformed() == 2);
    server.on_deadline(kBegin + 60s, out);
    CHECK(server.state() == State::New);

    Session client(client_identity(), Role::Client, server_identity().fingerprints(), kBegin);
    client.on_datagram(kBegin, goodbye, out);
    CHECK(client.state() == State::New);
    CHECK(out.empty());
    client.close(kBegin, out);
    CHECK(client.state() == State::Closed);
    CHECK(out.empty());
}

TEST_CASE("closing in the middle of a handshake ends it") {
    sim::VirtualClock clock(kBegin);
    Session client(client_identity(), Role::Client, server_identity().fingerprints(), kBegin);
    Flight out;
    client.start(kBegin, out);
    CHECK(out.size() == 1);
    CHECK(client.next_deadline() == kBegin + limits::kDtlsFirstRetransmission);
    client.close(kBegin, out);
    CHECK(client.state() == State::Closed);
    CHECK(client.next_deadline().is_never());
}

TEST_CASE("a server that heard half a hello and no more gives up when its time is over") {
    sim::VirtualClock clock(kBegin);
    OpenSslPeer peer(Role::Client);
    Bytes protocol(201, 'p');  // so that the hello takes two datagrams
    protocol[0] = 200;
    SSL_CTX_set_alpn_protos(peer.context, protocol.data(), static_cast<unsigned>(protocol.size()));
    peer.begin(256);
    const Flight hello = peer.step();
    REQUIRE(hello.size() >= 2);
    Session session(server_identity(), Role::Server, peer.fingerprints(), kBegin);
    Flight out;
    session.on_datagram(kBegin, hello[0], out);
    CHECK(session.state() == State::Handshaking);
    CHECK(session.next_deadline() == kBegin + limits::kDtlsHandshake);
    session.on_deadline(kBegin + limits::kDtlsHandshake - 1us, out);
    CHECK(session.state() == State::Handshaking);
    session.on_deadline(kBegin + limits::kDtlsHandshake, out);
    CHECK(session.state() == State::Failed);
    CHECK(session.why() == Why::Timeout);
    CHECK(out.empty());
}

TEST_CASE("a peer may send only so many records before their time") {
    Pair pair([](Passing& passing) { passing.copies = passing.number == 0 ? 1 : 0; });
    pair.start();
    pair.run(20ms);
    REQUIRE(pair.server.state() == State::Handshaking);
    // The client's next flight would be heard if it were not for these.
    Bytes early = {22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 40};
    early.resize(13 + 40);
    Flight out;
    for (size_t i = 0; i < limits::kDtlsEarlyRecords; ++i) {
        early[10] = static_cast<uint8_t>(i);
        pair.server.on_datagram(pair.now, early, out);
    }
    pair.link = {};
    pair.run();
    CHECK(pair.server.state() == State::Failed);
}
