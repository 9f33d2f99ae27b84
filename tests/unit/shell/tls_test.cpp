#include <doctest/doctest.h>

#include <csignal>

#include "tests/unit/shell/temporary_directory.h"
#include "tests/unit/shell/test_server.h"
#include "tests/unit/shell/tls_client.h"
#include "tests/unit/shell/tls_server.h"

using namespace parley;
using namespace parley::shell;

namespace {

const TlsFiles kFiles{"certificate.pem", "key.pem"};

TlsIdentity identity_of(const SelfSigned& made) {
    auto identity = TlsIdentity::parse(kFiles, {made.pem(), made.key_pem()});
    REQUIRE(identity.ok());
    return *identity;
}

std::string refusal_of(const std::string& certificate, const std::string& key) {
    const auto identity = TlsIdentity::parse(kFiles, {certificate, key});
    REQUIRE(!identity.ok());
    return identity.error();
}

constexpr char kUpgrade[] =
    "GET /?roomId=a HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: protoo\r\n\r\n";

struct TwoIdentities {
    SelfSigned first{"DNS:localhost"}, second{"DNS:localhost"};
    TemporaryDirectory directory;
    std::string first_alone = directory.write("first.pem", first.pem());
    std::string second_alone = directory.write("second.pem", second.pem());
};

// A server that shows the first of them, and clients that believe it.
struct SecureServer : TwoIdentities, TestServer {
    SecureServer() : TestServer({}, {"127.0.0.1"}, identity_of(first)) {
        std::signal(SIGPIPE, SIG_IGN);
    }

    const net::Address& secure() const { return server->address(1); }
    TlsClient believer(const std::string& ca) { return TlsClient(loop, secure(), ca); }
};

}  // namespace

TEST_CASE("a certificate and its key say for whom they stand, and until when") {
    const SelfSigned made("DNS:voice.example, IP:192.0.2.1");
    const std::string text = identity_of(made).text();
    CHECK(text.find("DNS:voice.example, IP Address:192.0.2.1, until ") == 0);
    CHECK(text.find(" GMT") != std::string::npos);
}

TEST_CASE("what is no certificate, or no key, or not the same one's, is told by its file") {
    const SelfSigned made("DNS:a.example"), other("DNS:a.example");
    CHECK(refusal_of("", made.key_pem()) == "certificate.pem: holds no certificate in PEM");
    CHECK(refusal_of(made.key_pem(), made.key_pem()) ==
          "certificate.pem: holds no certificate in PEM");
    CHECK(refusal_of(made.pem().substr(0, 200), made.key_pem()) ==
          "certificate.pem: holds no certificate in PEM");
    CHECK(refusal_of(made.pem() + made.pem().substr(0, 200), made.key_pem()) ==
          "certificate.pem: holds a certificate that can not be read");
    std::string many;
    for (int i = 0; i < 20; ++i) many += made.pem();
    CHECK(refusal_of(many, made.key_pem()) == "certificate.pem: holds too many certificates");
    const std::string no_key = "key.pem: holds no private key in PEM without a passphrase";
    CHECK(refusal_of(made.pem(), "") == no_key);
    CHECK(refusal_of(made.pem(), made.pem()) == no_key);
    CHECK(refusal_of(made.pem(), made.key_pem("secret")) == no_key);
    CHECK(refusal_of(made.pem(), other.key_pem()) == "key.pem: is not the key of certificate.pem");
    CHECK(TlsIdentity::parse(kFiles, {made.pem() + other.pem(), made.key_pem()}).ok());
}

TEST_CASE("files that can not be read are named") {
    const TemporaryDirectory directory;
    const std::string here = directory.write("here.pem", "text");
    const std::string gone = directory.path("gone.pem");
    CHECK(read_tls_files({gone, here}).error() == gone + ": No such file or directory");
    CHECK(read_tls_files({here, gone}).error() == gone + ": No such file or directory");
    CHECK(read_tls_files({here, here})->key == "text");
}

TEST_CASE("requests and WebSockets come over TLS as they do without") {
    SecureServer server;
    server.answer = [](const HttpRequest& request) {
        return HttpResponse{200, {}, request.body + std::string(1'000'000, 'x')};
    };
    TlsClient client = server.believer(server.first_alone);
    client.say("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
    REQUIRE(server.until([&] { return client.bytes.size() > 1'000'000; }));
    CHECK(client.heard("HTTP/1.1 200 OK\r\n"));
    CHECK(client.heard("hellox"));
    client.say("POST /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi");
    REQUIRE(server.until([&] { return client.bytes.size() > 2'000'000; }));
    REQUIRE(server.requests.size() == 2);
    CHECK(server.requests[1].second.secure);
    CHECK(server.requests[1].second.listener == 1);
    CHECK(server.requests[1].second.remote == "127.0.0.1");

    TlsClient socket = server.believer(server.first_alone);
    socket.say(kUpgrade);
    REQUIRE(server.until([&] { return socket.heard("\r\n\r\n"); }));
    CHECK(socket.heard("HTTP/1.1 101"));
    CHECK(server.connects[0].secure);
    const std::string large(60'000, 'y');
    socket.say(masked_text("hello") + masked_text(large));
    REQUIRE(server.until([&] { return server.messages.size() == 2; }));
    CHECK(server.messages[1] == large);
    REQUIRE(server.until([&] { return socket.heard(large); }));

    RawClient plain = server.client();
    plain.say("GET /c HTTP/1.1\r\nHost: localhost\r\n\r\n");
    REQUIRE(server.until([&] { return plain.heard("200 OK"); }));
    CHECK(!server.requests[2].second.secure);
}

TEST_CASE("requests that come in one TLS record are answered one after the other") {
    SecureServer server;
    server.answer = nullptr;
    TlsClient client = server.believer(server.first_alone);
    std::string requests;
    for (const char* path : {"/a", "/b", "/c"}) {
        requests += std::string("GET ") + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }
    client.say(requests);
    for (size_t i = 0; i < 3; ++i) {
        REQUIRE(server.until([&] { return server.requests.size() == i + 1; }));
        const auto [id, request] = server.requests[i];  // a copy: the next one moves them
        CHECK(server.server->respond(id, {200, {}, "answer to " + request.path}));
        REQUIRE(server.until([&] { return client.heard("answer to " + request.path); }));
    }
    CHECK(client.bytes.find("answer to /a") < client.bytes.find("answer to /c"));
}

TEST_CASE("a certificate is renewed while a WebSocket goes on under the old one") {
    SecureServer server;
    TlsClient socket = server.believer(server.first_alone);
    socket.say(kUpgrade);
    REQUIRE(server.until([&] { return socket.heard("\r\n\r\n"); }));
    server.server->show(identity_of(server.second));

    TlsClient left_behind = server.believer(server.first_alone);
    REQUIRE(server.until([&] { return left_behind.closed; }));
    CHECK(left_behind.error().find("the certificate is not good: ") == 0);
    TlsClient newcomer = server.believer(server.second_alone);
    REQUIRE(server.until([&] { return newcomer.open; }));

    socket.say(masked_text("still here"));
    REQUIRE(server.until([&] { return socket.heard("still here"); }));
    CHECK(!socket.closed);
    CHECK(server.disconnects == 0);
}

TEST_CASE("whoever does not speak TLS where it is spoken is let go, and nobody else") {
    SecureServer server;
    TlsClient socket = server.believer(server.first_alone);
    socket.say(kUpgrade);
    REQUIRE(server.until([&] { return socket.heard("\r\n\r\n"); }));

    RawClient plain(server.loop, server.secure());
    plain.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    RawClient broken(server.loop, server.secure());
    broken.say(std::string("\x16\x03\x01\x00\xff", 5) + std::string(255, '\xff'));
    RawClient leaver(server.loop, server.secure());
    leaver.say(std::string("\x16\x03", 2));
    leaver.reset();
    CHECK(server.until([&] { return plain.closed && broken.closed; }));
    CHECK(server.until([&] { return server.server->connections() == 1; }));
    CHECK(server.requests.empty());
    socket.say(masked_text("hello"));
    CHECK(server.until([&] { return socket.heard("hello"); }));
}
