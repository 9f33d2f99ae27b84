#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "common/shell/web_server.h"
#include "tests/unit/shell/drive.h"
#include "tests/unit/shell/raw_client.h"

namespace parley::shell {

// A WebServer on loopback that keeps what it is told and answers as it is told to.
class TestServer {
public:
    using Answer = std::function<HttpResponse(const HttpRequest&)>;

    // With an `identity` it listens for TLS too, after the `ips`.
    explicit TestServer(WebLimits limits = {}, std::vector<std::string> ips = {"127.0.0.1"},
                        std::optional<TlsIdentity> identity = std::nullopt,
                        std::string user_header = "") {
        context = std::move(*WebContext::create(loop));
        WebServer::Options options;
        for (const std::string& ip : ips) options.listen.push_back(*net::parse_ip(ip, 0));
        if (identity) options.listen_tls = {*net::parse_ip("127.0.0.1", 0)};
        options.identity = std::move(identity);
        options.subprotocols = {"protoo"};
        options.limits = limits;
        options.user_header = std::move(user_header);
        WebServer::Events events;
        events.on_http = [this](auto id, HttpRequest&& request) {
            requests.emplace_back(id, std::move(request));
            if (answer) CHECK(server->respond(id, answer(requests.back().second)));
        };
        events.on_connect = [this](auto id, const ConnectRequest& request) -> uint16_t {
            connects.push_back(request);
            if (refuse_with != 0) return refuse_with;
            open.push_back(id);
            if (!greeting.empty()) CHECK(server->send(id, greeting));
            return 0;
        };
        events.on_message = [this](auto id, std::string_view text) {
            messages.emplace_back(text);
            if (echo) server->send(id, std::string(text));
        };
        events.on_disconnect = [this](auto id) {
            CHECK(std::count(open.begin(), open.end(), id) == 1);
            std::erase(open, id);
            ++disconnects;
        };
        auto started = WebServer::start(*context, options, events);
        REQUIRE(started.ok());
        server = std::move(*started);
    }

    RawClient client(size_t listener = 0) { return RawClient(loop, server->address(listener)); }

    template <typename Done>
    bool until(Done done) { return drive(loop, done); }

    // Says `request` on a connection of its own and returns all that comes until it is closed.
    std::string exchange(const std::string& request) {
        RawClient one = client();
        one.say(request);
        CHECK(until([&] { return one.closed; }));
        return one.bytes;
    }

    Loop loop;
    std::unique_ptr<WebContext> context;
    std::unique_ptr<WebServer> server;
    Answer answer = [](const HttpRequest& request) { return HttpResponse{200, {}, request.path}; };
    std::vector<std::pair<WebServer::RequestId, HttpRequest>> requests;

    uint16_t refuse_with = 0;
    bool echo = true;
    std::string greeting;
    std::vector<ConnectRequest> connects;
    std::vector<WebServer::ConnectionId> open;
    std::vector<std::string> messages;
    int disconnects = 0;
};

}  // namespace parley::shell
