#include "common/shell/http_client.h"

#include <doctest/doctest.h>

#include <csignal>
#include <optional>

#include "tests/unit/shell/drive.h"
#include "tests/unit/shell/temporary_directory.h"
#include "tests/unit/shell/test_server.h"
#include "tests/unit/shell/tls_server.h"

using namespace parley;
using namespace parley::shell;

namespace {

// Hears bytes and says bytes, whatever they are.
class RawServer {
public:
    RawServer(Loop& loop, std::string answer) : answer_(std::move(answer)) {
        const auto accept = [this, &loop](Fd socket, net::Address) {
            socket_ = std::move(socket);
            watch_ = std::make_unique<Watch>(loop, socket_.get(), [this] { on_readable(); });
        };
        listener_ = std::move(*TcpListener::listen(loop, *net::parse_ip("127.0.0.1", 0), accept));
    }

    std::string url() const { return "http://" + net::to_text(listener_->address()) + "/hook"; }

private:
    void on_readable() {
        char room[4096];
        if (recv(socket_.get(), room, sizeof room, 0) <= 0) return watch_.reset();
        CHECK(send(socket_.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL) >= 0);
        if (answer_.empty() || answer_.back() == '!') return;  // more may follow
        watch_.reset();
        socket_ = Fd();
    }

    std::string answer_;
    Fd socket_;
    std::unique_ptr<Watch> watch_;
    std::unique_ptr<TcpListener> listener_;
};

HttpOutcome outcome_of(Loop& loop, HttpClient& client, HttpPost post) {
    std::optional<HttpOutcome> outcome;
    client.post(std::move(post), [&](const HttpOutcome& told) {
        CHECK_FALSE(outcome.has_value());
        outcome = told;
    });
    CHECK_FALSE(outcome.has_value());  // never from inside of post()
    REQUIRE(drive(loop, [&] { return outcome.has_value(); }));
    CHECK(client.pending() == 0);
    return *outcome;
}

}  // namespace

TEST_CASE("URLs are read, or refused") {
    const auto url = parse_http_url("https://hooks.example:8443/parley?x=1");
    REQUIRE(url);
    CHECK(url->tls);
    CHECK(url->host == "hooks.example");
    CHECK(url->port == 8443);
    CHECK(url->target == "/parley?x=1");
    CHECK(url->authority() == "hooks.example:8443");
    CHECK(parse_http_url("http://a")->target == "/");
    CHECK(parse_http_url("http://a?x")->target == "/?x");
    CHECK(parse_http_url("http://a:80")->authority() == "a");
    CHECK(parse_http_url("https://a")->port == 443);
    CHECK(parse_http_url("http://[2001:db8::1]:81/")->host == "2001:db8::1");
    CHECK(parse_http_url("http://[2001:db8::1]:81/")->authority() == "[2001:db8::1]:81");
    for (const char* bad : {"", "a", "ftp://a", "http://", "http:///x", "http://a:", "http://a:0",
                            "http://a:65536", "http://a:x", "http://u@a/", "http://a/ b",
                            "http://a/\r\nX: y", "http://[::1", "http://[::1]x/", "http://a/#f"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_http_url(bad).has_value());
    }
}

TEST_CASE("a POST arrives as it was meant, and its status comes back") {
    TestServer server;
    server.answer = [](const HttpRequest&) { return HttpResponse{202}; };
    HttpClient client(server.loop);
    const std::string body(50'000, 'b');
    HttpPost post{"http://" + net::to_text(server.server->address(0)) + "/hook?x=1", {}, body};
    post.headers = {{"Content-Type", "application/json"}, {"X-Bad", "a\r\nX-Evil: 1"},
                    {"Authorization", "Bearer t"}};
    const HttpOutcome outcome = outcome_of(server.loop, client, post);
    CHECK(outcome.status == 202);
    CHECK(outcome.error.empty());
    REQUIRE(server.requests.size() == 1);
    const HttpRequest& request = server.requests[0].second;
    CHECK(request.method == HttpMethod::Post);
    CHECK(request.path == "/hook");
    CHECK(find_query(request.query, "x") == "1");
    CHECK(request.content_type == "application/json");
    CHECK(request.authorization == "Bearer t");
    CHECK((request.body == body));
    post.method = "PATCH";
    CHECK(outcome_of(server.loop, client, post).status == 202);
    CHECK(server.requests.back().second.method == HttpMethod::Patch);
}

TEST_CASE("a name is looked up, and each of its addresses is tried") {
    TestServer server;  // on 127.0.0.1 alone; localhost may be ::1 as well
    HttpClient client(server.loop);
    const std::string url = "http://localhost:" + std::to_string(server.server->address(0).port);
    CHECK(outcome_of(server.loop, client, {url, {}, "x"}).status == 200);
}

TEST_CASE("an empty body is a body") {
    TestServer server;
    HttpClient client(server.loop);
    const std::string url = "http://" + net::to_text(server.server->address(0)) + "/";
    CHECK(outcome_of(server.loop, client, {url, {}, ""}).status == 200);
    CHECK(server.requests[0].second.body.empty());
}

TEST_CASE("what is no answer is told as such") {
    Loop loop;
    HttpClient client(loop);
    for (const std::string answer : {"SSH-2.0-OpenSSH\r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1 20\r\n",
                                     "\r\n\r\n", "HTTP/2 200 OK\r\n"}) {
        CAPTURE(answer);
        RawServer server(loop, answer);
        const HttpOutcome outcome = outcome_of(loop, client, {server.url(), {}, "x"});
        CHECK(outcome.status == 0);
        CHECK(outcome.error == "the answer is not HTTP");
    }
    RawServer cut(loop, "HTTP/1.1 200");
    CHECK(outcome_of(loop, client, {cut.url(), {}, "x"}).error == "closed without an answer");
    RawServer endless(loop, std::string(20'000, 'x') + "!");
    CHECK(outcome_of(loop, client, {endless.url(), {}, "x"}).error == "the answer is not HTTP");
    RawServer early(loop, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 500 Oh\r\n\r\n");
    CHECK(outcome_of(loop, client, {early.url(), {}, "x"}).status == 500);
}

TEST_CASE("a server that is not there, and one that never answers, are errors in time") {
    Loop loop;
    HttpClient client(loop);
    std::string gone;
    {
        RawServer server(loop, "");
        gone = server.url();
    }
    const HttpOutcome refused = outcome_of(loop, client, {gone, {}, "x"});
    CHECK(refused.status == 0);
    CHECK(refused.error.find("refused") != std::string::npos);

    RawServer silent(loop, "");
    HttpPost post{silent.url(), {}, "x", 30ms};
    CHECK(outcome_of(loop, client, post).error == "no answer in time");
    CHECK(outcome_of(loop, client, {"gopher://a/", {}, "x"}).error ==
          "this is no http or https URL: gopher://a/");
}

TEST_CASE("a client that is destroyed with calls open says nothing") {
    Loop loop;
    RawServer silent(loop, "");
    bool told = false;
    {
        HttpClient client(loop);
        client.post({silent.url(), {}, "x"}, [&](const HttpOutcome&) { told = true; });
        settle(loop);
        // Still looking its host up: had the loop run once more, it might have been refused.
        client.post({"http://localhost:9/", {}, "x"}, [&](const HttpOutcome&) { told = true; });
    }
    settle(loop);
    CHECK_FALSE(told);
}

TEST_CASE("over TLS only the certificate of whom we meant is believed") {
    std::signal(SIGPIPE, SIG_IGN);
    Loop loop;
    const TemporaryDirectory directory;
    const SelfSigned good("IP:127.0.0.1, DNS:localhost"), other("DNS:elsewhere.example");
    const std::string both = directory.write("both.pem", good.pem() + other.pem());
    TlsServer server(loop, good, "HTTP/1.1 204 No Content\r\n\r\n");
    TlsServer impostor(loop, other, "HTTP/1.1 204 No Content\r\n\r\n");
    const auto url = [](const TlsServer& to, const std::string& host) {
        return "https://" + host + ":" + std::to_string(to.listener->address().port) + "/hook";
    };

    HttpClient client(loop, both);
    CHECK(outcome_of(loop, client, {url(server, "127.0.0.1"), {}, "hello"}).status == 204);
    CHECK(outcome_of(loop, client, {url(server, "localhost"), {}, "hello"}).status == 204);
    CHECK(server.heard.find("POST /hook HTTP/1.1\r\n") == 0);
    CHECK(server.heard.find("\r\n\r\nhello") != std::string::npos);

    const HttpOutcome fooled = outcome_of(loop, client, {url(impostor, "127.0.0.1"), {}, "hello"});
    CHECK(fooled.status == 0);
    CHECK(fooled.error.find("the certificate is not good: ") != std::string::npos);
    CHECK(impostor.heard.empty());

    HttpClient of_the_system(loop);
    const HttpPost post{url(server, "127.0.0.1"), {}, "x"};
    const HttpOutcome unknown = outcome_of(loop, of_the_system, post);
    CHECK(unknown.error.find("the certificate is not good: ") != std::string::npos);

    HttpClient without(loop, directory.path("no.pem"));
    CHECK(outcome_of(loop, without, {url(server, "127.0.0.1"), {}, "x"}).error.find("no.pem") !=
          std::string::npos);
    RawServer plain(loop, "HTTP/1.1 200 OK\r\n\r\n");
    const std::string not_tls = "https" + plain.url().substr(4);
    CHECK(outcome_of(loop, client, {not_tls, {}, "x"}).status == 0);
}
