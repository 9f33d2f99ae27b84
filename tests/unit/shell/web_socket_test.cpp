#include <doctest/doctest.h>

#include "common/base/random.h"
#include "tests/unit/shell/test_server.h"

using namespace parley;
using namespace parley::shell;

namespace {

std::string upgrade(const std::string& path = "/", const std::string& protocol = "protoo",
                    const std::string& more = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
           "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           "Sec-WebSocket-Version: 13\r\n" +
           (protocol.empty() ? "" : "Sec-WebSocket-Protocol: " + protocol + "\r\n") + more + "\r\n";
}

// What a server sends, unmasked.
std::string frame(uint8_t first_byte, const std::string& payload) {
    std::string bytes(1, static_cast<char>(first_byte));
    if (payload.size() < 126) {
        bytes += static_cast<char>(payload.size());
    } else {
        bytes += static_cast<char>(126);
        bytes += static_cast<char>(payload.size() >> 8);
        bytes += static_cast<char>(payload.size());
    }
    return bytes + payload;
}

std::string text(const std::string& payload) { return frame(0x81, payload); }

std::string closing(uint16_t code, const std::string& reason) {
    return frame(0x88, std::string{static_cast<char>(code >> 8), static_cast<char>(code)} + reason);
}

// "400" of "HTTP/1.1 400 Bad Request".
std::string status_of(const std::string& response) {
    return response.rfind("HTTP/1.", 0) == 0 ? response.substr(9, 3) : "none";
}

// A WebSocket that is open.
struct Socket : RawClient {
    explicit Socket(TestServer& server, const std::string& request = upgrade())
        : RawClient(server.loop, server.server->address(0)) {
        say(request);
        REQUIRE(server.until([&] { return heard("\r\n\r\n"); }));
        REQUIRE(heard("HTTP/1.1 101"));
        head = bytes.substr(0, bytes.find("\r\n\r\n") + 4);
        bytes.erase(0, head.size());
    }

    std::string head;
};

}  // namespace

TEST_CASE("a socket opens as RFC 6455 §1.3 shows, and carries messages both ways") {
    TestServer server;
    Socket socket(server, upgrade("/?roomId=standup&peerId=a%20b", "protoo",
                                  "Origin: https://app.example\r\nAuthorization: Bearer t\r\n"
                                  "X-Forwarded-For: 192.0.2.9\r\n"));
    CHECK(socket.head.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
          std::string::npos);
    CHECK(socket.head.find("Sec-WebSocket-Protocol: protoo\r\n") != std::string::npos);
    REQUIRE(server.connects.size() == 1);
    CHECK(server.connects[0].path == "/");
    CHECK(find_query(server.connects[0].query, "roomId") == "standup");
    CHECK(find_query(server.connects[0].query, "peerId") == "a b");
    CHECK(server.connects[0].protocol == "protoo");
    CHECK(server.connects[0].origin == "https://app.example");
    CHECK(server.connects[0].authorization == "Bearer t");
    CHECK(server.connects[0].forwarded_for == "192.0.2.9");
    CHECK(server.connects[0].remote == "127.0.0.1");

    socket.say(masked_text("hello") + masked_text("") + masked_text("grüß dich"));
    REQUIRE(server.until([&] { return server.messages.size() == 3; }));
    CHECK(server.messages == std::vector<std::string>{"hello", "", "grüß dich"});
    REQUIRE(server.until([&] { return socket.heard(text("grüß dich")); }));
    CHECK(socket.bytes == text("hello") + text("") + text("grüß dich"));
}

TEST_CASE("a subprotocol is agreed on, or there is none, or there is no socket") {
    TestServer server;
    Socket plain(server, upgrade("/v1/events", ""));
    CHECK(plain.head.find("Sec-WebSocket-Protocol") == std::string::npos);
    CHECK(server.connects.back().protocol.empty());
    CHECK(server.connects.back().path == "/v1/events");
    Socket second(server, upgrade("/", "mqtt, protoo"));
    CHECK(second.head.find("Sec-WebSocket-Protocol: protoo\r\n") != std::string::npos);
    CHECK(status_of(server.exchange(upgrade("/", "mqtt"))) == "400");
    CHECK(status_of(server.exchange(upgrade("/", "not a token"))) == "400");
    CHECK(server.connects.size() == 2);
}

TEST_CASE("what is no good handshake is refused with a status") {
    TestServer server;
    const auto without = [](const std::string& name, const std::string& instead = "") {
        std::string request = upgrade();
        const size_t at = request.find(name);
        request.replace(at, request.find("\r\n", at) + 2 - at, instead);
        return request;
    };
    CHECK(status_of(server.exchange(without("Host:"))) == "400");
    CHECK(status_of(server.exchange(without("Sec-WebSocket-Key:"))) == "400");
    const std::string short_key = without("Sec-WebSocket-Key:", "Sec-WebSocket-Key: short\r\n");
    CHECK(status_of(server.exchange(short_key)) == "400");
    const std::string no_upgrade = without("Connection:", "Connection: close\r\n");
    CHECK(status_of(server.exchange(no_upgrade)) == "400");
    const std::string old = server.exchange(
        without("Sec-WebSocket-Version:", "Sec-WebSocket-Version: 8\r\n"));
    CHECK(status_of(old) == "426");
    CHECK(old.find("sec-websocket-version: 13\r\n") != std::string::npos);
    CHECK(status_of(server.exchange("POST" + upgrade().substr(3))) == "405");
    CHECK(server.connects.empty());
}

TEST_CASE("the application may refuse, with the status it likes") {
    TestServer server;
    server.refuse_with = 401;
    const std::string answer = server.exchange(upgrade());
    CHECK(status_of(answer) == "401");
    CHECK(answer.find("content-length: 0\r\n") != std::string::npos);
    CHECK(server.server->connections() == 0);
    CHECK(server.disconnects == 0);
}

TEST_CASE("what is sent while a socket opens arrives first") {
    TestServer server;
    server.greeting = "welcome";
    Socket socket(server);
    socket.say(masked_text("hi"));
    REQUIRE(server.until([&] { return socket.heard(text("hi")); }));
    CHECK(socket.bytes == text("welcome") + text("hi"));
}

TEST_CASE("messages come whole, whether in fragments or cut anywhere") {
    TestServer server;
    Socket socket(server);
    socket.say(masked_frame(0x01, "one ") + masked_frame(0x89, "ping") +
               masked_frame(0x00, "two ") + masked_frame(0x80, "three"));
    REQUIRE(server.until([&] { return server.messages.size() == 1; }));
    CHECK(server.messages[0] == "one two three");
    CHECK(socket.heard(frame(0x8a, "ping")));

    const std::string long_text(5'000, 'x');
    const std::string bytes = masked_text("first") + masked_text(long_text) + masked_text("last");
    for (size_t cut = 0; cut < bytes.size(); cut += cut < 40 ? 1 : 613) {
        server.messages.clear();
        socket.say(bytes.substr(0, cut));
        settle(server.loop);
        socket.say(bytes.substr(cut));
        REQUIRE(server.until([&] { return server.messages.size() == 3; }));
        CHECK((server.messages[1] == long_text));
    }
}

TEST_CASE("a message over the limit closes with 4413, one at the limit does not") {
    TestServer server({.message_bytes = 1'000});
    Socket socket(server);
    socket.say(masked_text(std::string(1'000, 'x')));
    REQUIRE(server.until([&] { return server.messages.size() == 1; }));
    socket.bytes.clear();
    socket.say(masked_text(std::string(1'001, 'x')) + masked_text("never heard"));
    REQUIRE(server.until([&] { return socket.heard(closing(4413, "too-large")); }));
    CHECK(server.messages.size() == 1);

    Socket in_pieces(server);
    for (int i = 0; i < 11; ++i) in_pieces.say(masked_frame(i == 0 ? 1 : 0, std::string(100, 'y')));
    REQUIRE(server.until([&] { return in_pieces.heard(closing(4413, "too-large")); }));
    socket.half_close();
    in_pieces.half_close();
    REQUIRE(server.until([&] { return server.disconnects == 2; }));
}

TEST_CASE("binary messages and broken frames are not heard") {
    TestServer server({.close_time = 50ms});
    for (const std::string& bytes :
         {masked_frame(0x82, "binary"), masked_frame(0x83, "reserved"), masked_frame(0xf1, "rsv"),
          masked_text("\xff\xfe not UTF-8"), masked_frame(0x00, "continues nothing"),
          masked_frame(0x89, std::string(200, 'p')),
          std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14)}) {
        CAPTURE(bytes);
        Socket socket(server);
        socket.say(bytes);
        CHECK(server.until([&] { return socket.closed || socket.heard("\x88"); }));
    }
    CHECK(server.messages.empty());
}

TEST_CASE("a close says its code and reason after all that was sent before") {
    TestServer server;
    Socket socket(server);
    for (int i = 0; i < 100; ++i) CHECK(server.server->send(server.open[0], "m"));
    server.server->close(server.open[0], 4403, "kicked");
    server.server->close(server.open[0], 4500, "too late");
    CHECK_FALSE(server.server->send(server.open[0], "too late"));
    std::string expected;
    for (int i = 0; i < 100; ++i) expected += text("m");
    REQUIRE(server.until([&] { return socket.heard(closing(4403, "kicked")); }));
    CHECK(socket.bytes == expected + closing(4403, "kicked"));
    CHECK(server.disconnects == 0);
    socket.say(masked_frame(0x88, "\x11\x33"));
    REQUIRE(server.until([&] { return socket.closed && server.disconnects == 1; }));
    CHECK_FALSE(server.server->send(1, "nobody"));
}

TEST_CASE("a close that is not answered ends all the same, and a long reason is cut short") {
    TestServer server({.close_time = 30ms});
    Socket socket(server);
    server.server->close(server.open[0], 4400, std::string(200, 'r'));
    REQUIRE(server.until([&] { return socket.closed && server.disconnects == 1; }));
    CHECK(socket.heard(closing(4400, std::string(123, 'r'))));
}

TEST_CASE("a client that closes, half closes or vanishes is gone, once") {
    TestServer server;
    Socket closes(server), half(server), vanishes(server);
    closes.say(masked_frame(0x88, "\x03\xe8"));
    REQUIRE(server.until([&] { return server.disconnects == 1; }));
    CHECK(closes.heard(closing(1000, "")));
    half.half_close();
    REQUIRE(server.until([&] { return server.disconnects == 2; }));
    vanishes.reset();
    REQUIRE(server.until([&] { return server.disconnects == 3; }));
    CHECK(server.open.empty());
    CHECK(server.server->connections() == 0);
}

TEST_CASE("one that reads too slowly is closed with 4429, and the others hear on") {
    TestServer server({.queue_bytes = 100'000, .close_time = 100ms});
    Socket slow(server), quick(server);
    const auto slow_id = server.open[0], quick_id = server.open[1];
    slow.stop_reading();
    const std::string message(10'000, 'x');
    int sent = 0;
    REQUIRE(server.until([&] {
        for (int i = 0; i < 9 && sent < 5'000; ++i, ++sent) {
            if (!server.server->send(slow_id, message)) return true;
        }
        return sent == 5'000;
    }));
    CHECK(sent < 5'000);
    server.server->send(quick_id, "still here");
    REQUIRE(server.until([&] { return quick.heard(text("still here")); }));
    REQUIRE(server.until([&] { return server.disconnects == 1; }));
    CHECK(server.open == std::vector{quick_id});
}

TEST_CASE("the reason of a 4429 reaches one that begins to read again") {
    TestServer server({.queue_bytes = 1'000});
    Socket socket(server);
    CHECK_FALSE(server.server->send(server.open[0], std::string(1'001, 'x')));
    REQUIRE(server.until([&] { return socket.heard(closing(4429, "too-slow")); }));
}

TEST_CASE("a silent socket is pinged, then dropped; one that answers stays") {
    TestServer server({.ping_interval = 20ms, .silence = 200ms});
    Socket silent(server), answers(server);
    const auto kept = server.open[1];
    size_t pongs = 0;
    REQUIRE(server.until([&] {
        const std::string ping = frame(0x89, "parley");
        while (answers.heard(ping)) {
            answers.bytes.erase(0, ping.size());
            answers.say(masked_frame(0x8a, "parley"));
            ++pongs;
        }
        return server.disconnects > 0 || answers.closed;
    }));
    CHECK(silent.heard(frame(0x89, "parley")));
    CHECK(pongs >= 2);
    CHECK(server.open == std::vector{kept});
}

TEST_CASE("an orderly stop closes every socket with a reason and takes nobody new") {
    TestServer server;
    Socket first(server), second(server);
    const net::Address address = server.server->address(0);
    server.server->stop(1001, "going away");
    const std::string farewell = closing(1001, "going away");
    REQUIRE(server.until([&] { return first.heard(farewell) && second.heard(farewell); }));
    first.half_close();
    second.half_close();
    REQUIRE(server.until([&] { return server.server->connections() == 0; }));
    CHECK(server.disconnects == 2);
    SocketAddress name;
    const socklen_t size = write_socket_address(address, name);
    const Fd late(socket(AF_INET, SOCK_STREAM, 0));
    CHECK(connect(late.get(), &name.any, size) != 0);
}

TEST_CASE("a server that is destroyed with all open leaves nothing behind and says nothing") {
    TestServer server;
    Socket socket(server);
    RawClient half = server.client();
    half.say("GET / HT");
    settle(server.loop);
    server.server.reset();
    CHECK(server.until([&] { return socket.closed && half.closed; }));
    CHECK(server.disconnects == 0);
}

TEST_CASE("mutations of frames never stop the server") {
    TestServer server({.close_time = 20ms, .ping_interval = 20ms, .silence = 50ms});
    base::SeededRandom random(31);
    for (int round = 0; round < 100; ++round) {
        Socket socket(server);
        std::string bytes = masked_text("hello") + masked_frame(0x01, "frag") +
                            masked_frame(0x80, "ment") + masked_frame(0x89, "p") +
                            masked_text(std::string(300, 'x')) + masked_frame(0x88, "\x03\xe8");
        for (uint64_t changes = 1 + random.below(4); changes-- > 0;) {
            bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
        }
        bytes.resize(1 + random.below(bytes.size()));
        socket.say(bytes);
        settle(server.loop);
    }
    CHECK(server.until([&] { return server.open.empty(); }));
    Socket fine(server);
    fine.say(masked_text("fine"));
    CHECK(server.until([&] { return fine.heard(text("fine")); }));
}
