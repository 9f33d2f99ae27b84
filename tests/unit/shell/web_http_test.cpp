#include <doctest/doctest.h>

#include "common/base/random.h"
#include "tests/unit/shell/test_server.h"

using namespace parley;
using namespace parley::shell;

namespace {

std::string get(const std::string& path, const std::string& headers = "Connection: close\r\n") {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

std::string post(const std::string& body, const std::string& headers = "Connection: close\r\n") {
    return "POST /v1/rooms HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

bool starts(const std::string& text, const std::string& with) { return text.rfind(with, 0) == 0; }

std::string body_of(const std::string& response) {
    return response.substr(std::min(response.find("\r\n\r\n") + 4, response.size()));
}

}  // namespace

TEST_CASE("a request comes with what was sent, and its answer goes back") {
    TestServer server;
    server.answer = [](const HttpRequest&) {
        return HttpResponse{201, {{"Content-Type", "application/json"}}, "{}"};
    };
    const std::string answer = server.exchange(
        post("{\"id\":1}", "Authorization: Bearer abc.def\r\nContent-Type: application/json\r\n"
                           "Origin: https://example.org\r\nX-Forwarded-For: 192.0.2.7, 10.0.0.1\r\n"
                           "If-None-Match: \"x\"\r\nConnection: close\r\n"));
    CHECK(starts(answer, "HTTP/1.1 201"));
    CHECK(answer.find("content-type: application/json\r\n") != std::string::npos);
    CHECK(answer.find("content-length: 2\r\n") != std::string::npos);
    CHECK(answer.find("connection: close\r\n") == std::string::npos);
    CHECK(body_of(answer) == "{}");
    REQUIRE(server.requests.size() == 1);
    const HttpRequest& request = server.requests[0].second;
    CHECK(request.method == HttpMethod::Post);
    CHECK(request.path == "/v1/rooms");
    CHECK(request.body == "{\"id\":1}");
    CHECK(request.authorization == "Bearer abc.def");
    CHECK(request.content_type == "application/json");
    CHECK(request.origin == "https://example.org");
    CHECK(request.forwarded_for == "192.0.2.7, 10.0.0.1");
    CHECK(request.if_none_match == "\"x\"");
    CHECK(request.remote == "127.0.0.1");
}

TEST_CASE("the header in which a proxy says who asks is read, by the names that proxies use") {
    for (const std::string name : {"X-Forwarded-User", "X-Forwarded-Email", "X-Auth-Request-Email",
                                   "Remote-User", "Oidc-Email"}) {
        CAPTURE(name);
        TestServer server({}, {"127.0.0.1"}, std::nullopt, name);
        server.exchange(get("/", name + ": ada@example.com\r\nConnection: close\r\n"));
        server.exchange(get("/", "x-other: ada\r\nConnection: close\r\n"));
        server.exchange(get("/", name + "s: ada\r\nConnection: close\r\n"));
        REQUIRE(server.requests.size() == 3);
        CHECK(server.requests[0].second.user == "ada@example.com");
        CHECK(server.requests[1].second.user == "");
        CHECK(server.requests[2].second.user == "");
    }
    TestServer server;
    server.exchange(get("/", "X-Forwarded-User: ada\r\nConnection: close\r\n"));
    REQUIRE(server.requests.size() == 1);
    CHECK(server.requests[0].second.user == "");
}

TEST_CASE("paths and queries are decoded, and nobody climbs above the root") {
    TestServer server;
    server.exchange(get("/a%20b/../c//d?roomId=my+room%21&peerId=a%26b%3Dc&empty&&x=1=2"));
    REQUIRE(server.requests.size() == 1);
    const HttpRequest& request = server.requests[0].second;
    CHECK(request.path == "/c/d");
    CHECK(find_query(request.query, "roomId") == "my room!");
    CHECK(find_query(request.query, "peerId") == "a&b=c");
    CHECK(find_query(request.query, "empty") == "");
    CHECK(find_query(request.query, "x") == "1=2");
    CHECK_FALSE(find_query(request.query, "none").has_value());

    for (const char* path : {"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc",
                             "/x/../../..", "/.//../x"}) {
        CAPTURE(path);
        server.exchange(get(path));
        CHECK(server.requests.back().second.path.find("..") == std::string::npos);
    }
}

TEST_CASE("an answer may come later, in any order over several connections") {
    TestServer server;
    server.answer = {};
    RawClient first = server.client(), second = server.client();
    first.say(get("/first"));
    second.say(get("/second"));
    REQUIRE(server.until([&] { return server.requests.size() == 2; }));
    for (size_t i = 2; i-- > 0;) {
        const auto& [id, request] = server.requests[i];
        CHECK(server.server->respond(id, {200, {}, request.path}));
        CHECK_FALSE(server.server->respond(id, {200, {}, "again"}));
    }
    REQUIRE(server.until([&] { return first.closed && second.closed; }));
    CHECK(body_of(first.bytes) == "/first");
    CHECK(body_of(second.bytes) == "/second");
    CHECK_FALSE(server.server->respond(99, {}));
}

TEST_CASE("a connection carries many requests, said one by one or all at once") {
    TestServer server;
    RawClient client = server.client();
    for (int i = 1; i <= 3; ++i) {
        client.say(get("/one", ""));
        REQUIRE(server.until([&] { return server.requests.size() == static_cast<size_t>(i); }));
    }
    const std::string body = std::string(3'000, 'b');
    client.say(post(body, "") + get("/two", "") + post("", "") + get("/three"));
    REQUIRE(server.until([&] { return client.closed; }));
    REQUIRE(server.requests.size() == 7);
    CHECK((server.requests[3].second.body == body));
    CHECK(server.requests[4].second.path == "/two");
    CHECK(server.requests[5].second.body.empty());
    CHECK(server.requests[6].second.path == "/three");
    CHECK(body_of(client.bytes).size() > 0);
    CHECK(client.bytes.substr(client.bytes.size() - 6) == "/three");
    CHECK(server.server->connections() == 0);
}

TEST_CASE("a request that is cut anywhere is heard when it is whole") {
    TestServer server;
    const std::string request = post("hello", "Content-Type: text/plain\r\n");
    RawClient client = server.client();
    for (size_t cut = 1; cut < request.size(); cut += 7) {
        const size_t before = server.requests.size();
        client.say(request.substr(0, cut));
        settle(server.loop);
        CHECK(server.requests.size() == before);
        client.say(request.substr(cut));
        REQUIRE(server.until([&] { return server.requests.size() == before + 1; }));
        CHECK(server.requests.back().second.body == "hello");
    }
}

TEST_CASE("a large answer arrives whole, to a client that reads late as well") {
    TestServer server;
    std::string large;
    for (int i = 0; large.size() < 3'000'000; ++i) large += std::to_string(i) + ",";
    server.answer = [&](const HttpRequest&) { return HttpResponse{200, {}, large}; };
    RawClient client = server.client();
    client.stop_reading();
    client.say(get("/large", ""));
    REQUIRE(server.until([&] { return server.requests.size() == 1; }));
    client.start_reading(server.loop);
    REQUIRE(server.until([&] { return client.bytes.size() > large.size(); }));
    client.say(get("/large"));
    REQUIRE(server.until([&] { return client.closed; }));
    const size_t second = client.bytes.rfind("HTTP/1.1 200");
    REQUIRE(second != std::string::npos);
    CHECK((body_of(client.bytes.substr(0, second)) == large));
    CHECK((body_of(client.bytes.substr(second)) == large));
}

TEST_CASE("HEAD is answered without the body but with its length") {
    TestServer server;
    RawClient client = server.client();
    client.say("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + get("/after"));
    REQUIRE(server.until([&] { return client.closed; }));
    CHECK(server.requests[0].second.method == HttpMethod::Head);
    CHECK(client.heard("content-length: 2\r\n\r\nHTTP/1.1 200"));
}

TEST_CASE("an answer without content has no length") {
    TestServer server;
    server.answer = [](const HttpRequest&) { return HttpResponse{204}; };
    CHECK(server.exchange(get("/")).find("content-length") == std::string::npos);
}

TEST_CASE("all the methods that we know are told apart, others are turned away") {
    TestServer server;
    const std::vector<std::pair<std::string, HttpMethod>> methods = {
        {"GET", HttpMethod::Get},       {"HEAD", HttpMethod::Head},
        {"POST", HttpMethod::Post},     {"PUT", HttpMethod::Put},
        {"PATCH", HttpMethod::Patch},   {"DELETE", HttpMethod::Delete},
        {"OPTIONS", HttpMethod::Options}};
    for (const auto& [name, method] : methods) {
        CAPTURE(name);
        const size_t before = server.requests.size();
        const std::string answer = server.exchange(name + " /x HTTP/1.1\r\nHost: a\r\n"
                                                          "Connection: close\r\n\r\n");
        REQUIRE(server.requests.size() == before + 1);
        CHECK(server.requests.back().second.method == method);
        CHECK(starts(answer, "HTTP/1.1 200"));
    }
    const size_t before = server.requests.size();
    for (const char* name : {"BREW", "CONNECT", "TRACE"}) {
        server.exchange(std::string(name) + " /x HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    CHECK(server.requests.size() == before);
}

TEST_CASE("a body over the limit is answered with 413 and never kept") {
    TestServer server({.body_bytes = 1'000});
    CHECK(starts(server.exchange(post(std::string(1'000, 'x'))), "HTTP/1.1 200"));
    CHECK(server.requests.size() == 1);
    RawClient client = server.client();
    client.say(post(std::string(1'001, 'x'), ""));
    REQUIRE(server.until([&] { return client.heard("\r\n\r\n"); }));
    CHECK(starts(client.bytes, "HTTP/1.1 413"));
    CHECK(client.heard("connection: close\r\n"));

    RawClient endless = server.client();
    endless.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n");
    REQUIRE(server.until([&] { return endless.heard("\r\n\r\n"); }));
    CHECK(starts(endless.bytes, "HTTP/1.1 413"));
    CHECK(server.requests.size() == 1);
}

TEST_CASE("a length that is no length, and a body of unknown length, are refused") {
    TestServer server;
    for (const char* length : {"-1", "abc", "1 1", "+5", "0x10", "99999999999999999999999"}) {
        CAPTURE(length);
        RawClient client = server.client();
        client.say(std::string("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ") + length +
                   "\r\n\r\n");
        REQUIRE(server.until([&] { return client.heard("\r\n\r\n"); }));
        CHECK(starts(client.bytes, "HTTP/1.1 400"));
    }
    RawClient client = server.client();
    client.say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
               "5\r\nhello\r\n0\r\n\r\n");
    REQUIRE(server.until([&] { return client.heard("\r\n\r\n"); }));
    CHECK(starts(client.bytes, "HTTP/1.1 411"));
    CHECK(server.requests.empty());
}

TEST_CASE("a POST without a body and without a length is a request") {
    TestServer server;
    const std::string answer = server.exchange("POST /v1/drain HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(starts(answer, "HTTP/1.1 200"));
    CHECK(answer.find("connection: close\r\n") != std::string::npos);
    REQUIRE(server.requests.size() == 1);
    CHECK(server.requests[0].second.body.empty());
}

TEST_CASE("an answer's header that would be two is left out") {
    TestServer server;
    server.answer = [](const HttpRequest&) {
        return HttpResponse{200, {{"x-a", "1\r\nset-cookie: evil"}, {"x-b", "fine"}}, ""};
    };
    const std::string answer = server.exchange(get("/"));
    CHECK(answer.find("evil") == std::string::npos);
    CHECK(answer.find("x-b: fine\r\n") != std::string::npos);
}

TEST_CASE("each listen address is told apart by its index") {
    TestServer server({}, {"127.0.0.1", "::1"});
    RawClient six = server.client(1);
    six.say(get("/six"));
    REQUIRE(server.until([&] { return six.closed; }));
    CHECK(server.requests[0].second.listener == 1);
    CHECK(server.requests[0].second.remote == "::1");
}

TEST_CASE("an address that is taken is an error that names it") {
    TestServer server;
    WebServer::Options options;
    options.listen = {server.server->address(0)};
    const auto second = WebServer::start(*server.context, options, {});
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().find(net::to_text(server.server->address(0))) != std::string::npos);
}

TEST_CASE("slow clients are cut: in the headers, in the body, between requests, and reading") {
    TestServer server({.header_time = 30ms, .body_time = 30ms, .write_time = 100ms,
                       .idle_time = 30ms});
    server.answer = [](const HttpRequest&) {
        return HttpResponse{200, {}, std::string(20'000'000, 'x')};
    };
    RawClient silent = server.client(), headers = server.client(), body = server.client();
    RawClient reads_nothing = server.client();
    headers.say("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    body.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    reads_nothing.stop_reading();
    reads_nothing.say(get("/", ""));
    // Each byte on its own does not buy more time.
    Timer drip(server.loop, [&](base::Instant now) {
        headers.say("z");
        body.say("z");
        drip.set(now + 5ms);
    });
    drip.set(server.loop.now());
    CHECK(server.until([&] { return silent.closed && headers.closed && body.closed; }));
    CHECK(server.until([&] { return server.server->connections() == 0; }));

    server.answer = [](const HttpRequest&) { return HttpResponse{200, {}, "ok"}; };
    RawClient idle = server.client();
    idle.say(get("/", ""));
    CHECK(server.until([&] { return idle.closed; }));
    CHECK(idle.heard("ok"));
}

TEST_CASE("an application that does not answer does not keep a client for ever") {
    TestServer server({.answer_time = 20ms});
    server.answer = {};
    RawClient client = server.client();
    client.say(get("/"));
    CHECK(server.until([&] { return client.closed; }));
    REQUIRE(server.requests.size() == 1);
    CHECK_FALSE(server.server->respond(server.requests[0].first, {}));
}

TEST_CASE("a client that leaves before its answer harms nobody") {
    TestServer server;
    server.answer = {};
    RawClient client = server.client();
    client.say(get("/"));
    REQUIRE(server.until([&] { return server.requests.size() == 1; }));
    client.reset();
    server.server->respond(server.requests[0].first, {200, {}, std::string(100'000, 'x')});
    CHECK(server.until([&] { return server.server->connections() == 0; }));
}

TEST_CASE("no more connections are kept than may be") {
    TestServer server({.connections = 2});
    RawClient first = server.client(), second = server.client(), third = server.client();
    CHECK(server.until([&] { return third.closed; }));
    first.say(get("/"));
    CHECK(server.until([&] { return first.heard("200"); }));
}

TEST_CASE("hostile bytes are refused or cut, and the next client is served") {
    TestServer server({.header_time = 50ms, .body_time = 50ms, .idle_time = 50ms});
    std::vector<std::string> hostile = {
        std::string(100'000, 'A'),
        "GET / HTTP/1.1\r\n" + std::string(100'000, 'A') + "\r\n\r\n",
        "GET /" + std::string(60'000, 'a') + " HTTP/1.1\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\n\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: tea\r\nConnection: Upgrade\r\n\r\n",
        "CONNECT evil:443 HTTP/1.1\r\nHost: evil\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    };
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 2'000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
    hostile.push_back(many + "\r\n");
    std::string arguments = "GET /?";
    for (int i = 0; i < 500; ++i) arguments += "a=" + std::to_string(i) + "&";
    hostile.push_back(arguments + " HTTP/1.1\r\nHost: a\r\n\r\n");
    base::SeededRandom random(17);
    for (int i = 0; i < 50; ++i) hostile.push_back(random.text(1 + random.below(500)) + "\r\n\r\n");
    for (const std::string& bytes : hostile) {
        CAPTURE(bytes.substr(0, 60));
        RawClient client = server.client();
        client.say(bytes);
        CHECK(server.until([&] { return client.closed; }));
    }
    CHECK(starts(server.exchange(get("/fine")), "HTTP/1.1 200"));
}

TEST_CASE("mutations of good requests never stop the server") {
    TestServer server({.header_time = 20ms, .body_time = 20ms, .idle_time = 20ms});
    const std::vector<std::string> good = {
        get("/v1/rooms?x=1&y=%20", "Connection: keep-alive\r\nAuthorization: Bearer x\r\n"),
        post("{\"id\":\"standup\"}", "Content-Type: application/json\r\n") + get("/next"),
        get("/?roomId=a&peerId=b", "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: protoo\r\n") + masked_text("hello") + masked_text("again")};
    base::SeededRandom random(23);
    for (int round = 0; round < 20; ++round) {
        std::vector<std::unique_ptr<RawClient>> clients;
        for (int i = 0; i < 25; ++i) {
            std::string bytes = good[random.below(good.size())];
            for (uint64_t changes = 1 + random.below(4); changes-- > 0;) {
                if (bytes.empty()) bytes.push_back('G');
                const size_t at = random.below(bytes.size());
                switch (random.below(4)) {
                    case 0: bytes[at] = static_cast<char>(random.below(256)); break;
                    case 1: bytes.erase(at, 1 + random.below(20)); break;
                    case 2: bytes.insert(at, bytes.substr(0, random.below(40))); break;
                    case 3: bytes.resize(at + 1); break;
                }
            }
            clients.push_back(std::make_unique<RawClient>(server.loop, server.server->address(0)));
            clients.back()->say(bytes);
            if (random.below(3) == 0) clients.back()->half_close();
        }
        std::erase_if(clients, [&](auto&) { return random.below(2) == 0; });  // some just go
        server.until([&] { return server.server->connections() < 10; });
    }
    CHECK(starts(server.exchange(get("/fine")), "HTTP/1.1 200"));
}
