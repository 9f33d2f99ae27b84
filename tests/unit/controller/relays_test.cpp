#include "controller/relays.h"

#include <doctest/doctest.h>

#include "common/json/json.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;

namespace {

const controller::Relays kRelays{{"turn:turn.example:3478", "turns:turn.example:443?transport=tcp"},
                                 "a-secret-of-this-test",
                                 24h};

// echo -n 1700086400:ada | openssl dgst -sha1 -hmac a-secret-of-this-test -binary | base64
constexpr char kForAda[] =
    R"([{"urls":["turn:turn.example:3478","turns:turn.example:443?transport=tcp"],)"
    R"("username":"1700086400:ada","credential":"BGUpw/MxFzuX7FJzH6nH16XtsYc="}])";

std::string member_of(const std::string& json, const char* name) {
    const auto document = JsonDocument::parse(json);
    REQUIRE(document);
    return document->root()[name].dump();
}

}  // namespace

TEST_CASE("credentials name the peer and their end, signed as TURN servers check it") {
    const auto now = base::Instant::from_micros(1'700'000'000'999'999);
    CHECK(controller::write_ice_servers(now, kRelays, "ada") == kForAda);
    CHECK(controller::write_ice_servers(now, {}, "ada").empty());
    CHECK(controller::write_ice_servers(now, kRelays, "bob") != kForAda);
}

TEST_CASE("a client is told of the relays with each transport, and anew when it restarts ICE") {
    controller::Options options;
    options.relays = kRelays;
    ModelServer server(options);
    server.start();
    ModelClient& ada = server.client("standup", "ada");
    ada.connect();
    const std::string made = ada.ask("createWebRtcTransport", R"({"producing":true})");
    CHECK(member_of(made, "iceServers") == kForAda);

    server.now += 1h;
    const std::string restarted =
        ada.ask("restartIce", R"({"transportId":)" + member_of(made, "id") + "}");
    CHECK(member_of(restarted, "usernameFragment") != "null");
    CHECK(member_of(restarted, "iceServers").find("\"1700090000:ada\"") != std::string::npos);
}

TEST_CASE("without relays a client is told of none") {
    ModelServer server;
    server.start();
    ModelClient& ada = server.client("standup", "ada");
    ada.connect();
    const std::string made = ada.ask("createWebRtcTransport", R"({"producing":true})");
    CHECK(made.find("iceServers") == std::string::npos);
    CHECK(made.find("iceCandidates") != std::string::npos);
}
