#include "common/shell/web_client.h"

#include <doctest/doctest.h>

#include "tests/unit/shell/test_server.h"

using namespace parley;
using namespace parley::shell;

namespace {

// A client of a TestServer, and what it was told.
struct Caller {
    explicit Caller(TestServer& to, WebClient::Limits limits = {},
                    const std::string& protocol = "protoo")
        : server(to) {
        auto made = WebClient::create(
            *server.context, {.subprotocol = protocol, .limits = limits},
            {.on_open = [this](uint64_t id) { opened.push_back(id); },
             .on_message = [this](uint64_t, std::string_view text) { texts.emplace_back(text); },
             .on_closed =
                 [this](uint64_t id, const std::string& why) {
                     closed.push_back(id);
                     reason = why;
                 }});
        REQUIRE(made.ok());
        client = std::move(*made);
    }
    std::string url(const std::string& host = "127.0.0.1") const {
        return "ws://" + host + ":" + std::to_string(server.server->address(0).port) + "/link?a=b";
    }
    bool open(uint64_t id) {
        client->connect(id, url());
        return server.until([&] { return opened.size() == 1; });
    }
    bool until_closed() {
        return server.until([&] { return !closed.empty(); });
    }

    TestServer& server;
    std::unique_ptr<WebClient> client;
    std::vector<uint64_t> opened, closed;
    std::vector<std::string> texts;
    std::string reason;
};

}  // namespace

TEST_CASE("a WebSocket to a server carries text both ways, in its order") {
    TestServer server;
    Caller caller(server);
    REQUIRE(caller.open(7));
    CHECK(server.connects[0].protocol == "protoo");
    CHECK(server.connects[0].path == "/link");
    CHECK(server.connects[0].query == HttpQuery{{"a", "b"}});
    for (int i = 0; i < 100; ++i) CHECK(caller.client->send(7, "message " + std::to_string(i)));
    CHECK(server.until([&] { return caller.texts.size() == 100; }));
    CHECK(caller.texts[99] == "message 99");
    CHECK(caller.closed.empty());
}

TEST_CASE("a message of megabytes comes across whole, where both ends take it") {
    TestServer server;
    Caller caller(server, {.message_bytes = 4 << 20, .queue_bytes = 8 << 20});
    REQUIRE(caller.open(1));
    server.server->widen(server.open[0], 4 << 20, 8 << 20);
    std::string large(3 << 20, 'x');
    for (size_t i = 0; i < large.size(); i += 1000) large[i] = static_cast<char>('a' + i % 26);
    CHECK(caller.client->send(1, large));
    CHECK(server.until([&] { return !caller.texts.empty() || !caller.closed.empty(); }));
    REQUIRE(caller.texts.size() == 1);
    CHECK(caller.texts[0] == large);
}

TEST_CASE("what was closed here is gone at the server, after what was said, and not told again") {
    TestServer server;
    Caller caller(server);
    REQUIRE(caller.open(1));
    caller.client->send(1, "last words");
    caller.client->close(1, 1000, "enough");
    CHECK_FALSE(caller.client->send(1, "more"));
    CHECK(server.until([&] { return server.disconnects == 1; }));
    CHECK(server.messages == std::vector<std::string>{"last words"});
    CHECK(server.until([&] { return caller.client->connections() == 0; }));
    CHECK(caller.closed.empty());
}

TEST_CASE("a server that closes says why") {
    TestServer server;
    Caller caller(server);
    REQUIRE(caller.open(1));
    server.server->close(server.open[0], 4401, "a wrong key");
    REQUIRE(caller.until_closed());
    CHECK(caller.reason.find("4401 a wrong key") != std::string::npos);
    CHECK(caller.client->connections() == 0);
}

TEST_CASE("a server that does not take the connection is told of once, with a reason") {
    TestServer server;
    Caller caller(server, {.open_time = 200ms});
    SUBCASE("nobody listens") {
        net::Address gone;
        {
            const auto brief = TcpListener::listen(server.loop, *net::parse_ip("127.0.0.1", 0),
                                                   [](Fd, net::Address) {});
            gone = (*brief)->address();
        }
        caller.client->connect(1, "ws://" + net::to_text(gone) + "/");
    }
    SUBCASE("it is no address") {
        caller.client->connect(1, "http://127.0.0.1/");
    }
    SUBCASE("there is no such name") {
        caller.client->connect(1, "ws://no.such.invalid/");
    }
    SUBCASE("it refuses") {
        server.refuse_with = 403;
        caller.client->connect(1, caller.url());
    }
    SUBCASE("it never answers") {
        std::vector<Fd> kept;
        const auto silent = TcpListener::listen(
            server.loop, *net::parse_ip("127.0.0.1", 0),
            [&](Fd socket, net::Address) { kept.push_back(std::move(socket)); });
        REQUIRE(silent.ok());
        caller.client->connect(1, "ws://" + net::to_text((*silent)->address()) + "/");
        REQUIRE(caller.until_closed());
    }
    REQUIRE(caller.until_closed());
    settle(server.loop);
    CHECK(caller.closed == std::vector<uint64_t>{1});
    CHECK_FALSE(caller.reason.empty());
    CHECK(caller.reason.find('\0') == caller.reason.npos);
    CHECK(caller.opened.empty());
    CHECK_FALSE(caller.client->send(1, "text"));
}

TEST_CASE("a server that speaks another subprotocol is none") {
    TestServer server;
    Caller caller(server, {}, "another");
    caller.client->connect(1, caller.url());
    REQUIRE(caller.until_closed());
    CHECK(caller.opened.empty());
}

TEST_CASE("a server is found by name") {
    TestServer server;
    Caller caller(server);
    caller.client->connect(1, caller.url("localhost"));
    CHECK(server.until([&] { return caller.opened.size() == 1; }));
}

TEST_CASE("a message over the limit, or too much unsent, ends the connection") {
    TestServer server;
    Caller caller(server, {.message_bytes = 1000, .queue_bytes = 5000});
    REQUIRE(caller.open(1));
    SUBCASE("it says too much") {
        server.server->send(server.open[0], std::string(1001, 'x'));
    }
    SUBCASE("it is told too much") {
        CHECK(caller.client->send(1, std::string(3000, 'x')));
        CHECK_FALSE(caller.client->send(1, std::string(3000, 'x')));
    }
    REQUIRE(caller.until_closed());
    CHECK(server.until([&] { return server.disconnects == 1; }));
}

TEST_CASE("a client that is destroyed cuts what is open, and calls nothing back") {
    TestServer server;
    Caller caller(server);
    REQUIRE(caller.open(1));
    caller.client->connect(2, caller.url());
    caller.client->connect(3, caller.url("localhost"));
    caller.client = nullptr;
    CHECK(server.until([&] { return server.open.empty(); }));
    settle(server.loop);
    CHECK(caller.closed.empty());
    CHECK(caller.opened.size() == 1);
}
