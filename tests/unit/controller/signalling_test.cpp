#include <doctest/doctest.h>

#include "controller/signalling/ortc.h"
#include "controller/signalling/protoo.h"
#include "controller/signalling/rate_limit.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::signalling;
using parley::test::microphone;

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& parameters, std::string_view kind = "audio") {
    const auto document = JsonDocument::parse(parameters);
    REQUIRE_MESSAGE(document.ok(), parameters);
    const auto parsed = parse_send_parameters(kind, document->root());
    if (parsed) return "";
    CHECK(parsed.error().code == ErrorCode::Malformed);
    return parsed.error().reason;
}

std::string message_error(const std::string& text) {
    const auto document = JsonDocument::parse(text);
    REQUIRE(document);
    const auto message = parse_message(*document);
    return message ? "" : message.error();
}

}  // namespace

TEST_CASE("the router carries Opus as mediasoup-client knows it") {
    const auto document = JsonDocument::parse(router_rtp_capabilities());
    REQUIRE(document);
    const Json codec = document->root()["codecs"][size_t{0}];
    CHECK(codec["preferredPayloadType"].number() == 100);
    CHECK(codec["mimeType"].text() == "audio/opus");
    CHECK(codec["channels"].number() == 2);
    CHECK(codec["parameters"].dump() == R"({"minptime":10,"useinbandfec":1})");
    const Json extensions = document->root()["headerExtensions"];
    REQUIRE(extensions.size() == 3);
    std::vector<uint64_t> ids;
    for (size_t i = 0; i < 3; ++i) ids.push_back(extensions[i]["preferredId"].number().value());
    CHECK(ids == std::vector<uint64_t>{1, 4, 10});
}

TEST_CASE("a browser's microphone is understood") {
    const auto document = JsonDocument::parse(microphone(1234, "3"));
    const auto parsed = parse_send_parameters("audio", document->root());
    REQUIRE(parsed);
    CHECK(parsed->payload_type == 111);
    CHECK(parsed->mid == "3");
    CHECK(parsed->cname == "c1234");
    REQUIRE(parsed->encodings.size() == 1);
    CHECK(parsed->encodings[0].ssrc == 1234);
    CHECK(parsed->header_extensions ==
          std::vector<HeaderExtensionId>{{HeaderExtension::Mid, 4},
                                         {HeaderExtension::AudioLevel, 1}});
}

TEST_CASE("what a microphone cannot be is refused with the reason") {
    const std::string good = microphone(1234);
    CHECK(refusal(good) == "");
    CHECK(refusal(good, "video") == "only audio");
    CHECK(refusal(replaced(good, "audio/opus", "AUDIO/Opus")) == "");
    CHECK(refusal(replaced(good, "audio/opus", "audio/PCMU")).find("audio/opus") !=
          std::string::npos);
    CHECK(refusal(replaced(good, "48000", "16000")).find("clockRate") != std::string::npos);
    CHECK(refusal(replaced(good, "\"channels\":2", "\"channels\":1")).find("channels") !=
          std::string::npos);
    CHECK(refusal(replaced(good, "111", "72")).find("RTCP") != std::string::npos);
    CHECK(refusal(replaced(good, "111", "128")).find("payloadType") != std::string::npos);
    CHECK(refusal(replaced(good, "\"mid\":\"0\"", "\"mid\":7")).find("mid") != std::string::npos);
    CHECK(refusal(replaced(good, "[{\"ssrc\"", "[{\"ssrc\":9},{\"ssrc\"")).find("one") !=
          std::string::npos);
    CHECK(refusal(replaced(good, "\"ssrc\":1234", "\"ssrc\":4294967296")).find("ssrc") !=
          std::string::npos);
    CHECK(refusal(replaced(good, "\"id\":4", "\"id\":15")).find("id") != std::string::npos);
    CHECK(refusal(replaced(good, "\"id\":4", "\"id\":1")).find("once") != std::string::npos);
    CHECK(refusal(replaced(good, "c1234", std::string(255, 'c'))) == "");
    CHECK(refusal(replaced(good, "c1234", std::string(256, 'c'))).find("cname") !=
          std::string::npos);
    CHECK(refusal("{}").find("codecs") != std::string::npos);
    CHECK(refusal("[]").find("object") != std::string::npos);
}

TEST_CASE("a microphone without SSRC is found by its mid, one without either is refused") {
    const std::string by_mid = replaced(microphone(1), "\"ssrc\":1", "\"active\":true");
    CHECK(refusal(by_mid) == "");
    CHECK(refusal(replaced(by_mid, "\"mid\":\"0\"", "\"mid\":\"\"")).find("ssrc") !=
          std::string::npos);
    CHECK(refusal(replaced(replaced(by_mid, "\"mid\":\"0\"", "\"mid\":\"\""), "\"active\":true",
                           "\"rid\":\"a\"")) == "");
}

TEST_CASE("a consumer carries the extensions that its browser wants, under the router's ids") {
    const auto document = JsonDocument::parse(test::kBrowser);
    const auto ability = parse_rtp_capabilities(document->root());
    REQUIRE(ability);
    CHECK(ability->opus);
    const auto extensions = consumer_extensions(*ability);
    const std::string text = write_consumer_parameters("2", 77, "c", extensions);
    const auto parsed = JsonDocument::parse(text);
    REQUIRE(parsed);
    const Json root = parsed->root();
    CHECK(root["mid"].text() == "2");
    CHECK(root["codecs"][size_t{0}]["payloadType"].number() == 100);
    CHECK(root["encodings"].dump() == R"([{"ssrc":77}])");
    CHECK(root["rtcp"].dump() == R"({"cname":"c","reducedSize":true,"mux":true})");
    REQUIRE(root["headerExtensions"].size() == 2);
    CHECK(root["headerExtensions"][size_t{0}]["id"].number() == 1);
    CHECK(root["headerExtensions"][1]["id"].number() == 10);
    CHECK(!parse_rtp_capabilities(Json{}).ok());
    const auto none = JsonDocument::parse(R"({"codecs":[{"mimeType":"video/VP8"}]})");
    CHECK(!parse_rtp_capabilities(none->root())->opus);
}

TEST_CASE("a message is one of three, and has what its kind needs") {
    CHECK(message_error(R"({"request":true,"id":1,"method":"x","data":{}})") == "");
    CHECK(message_error(R"({"request":true,"id":1,"method":"x"})") == "");
    CHECK(message_error(R"({"notification":true,"method":"x"})") == "");
    CHECK(message_error(R"({"response":true,"id":1,"ok":true})") == "");
    for (const char* bad :
         {"[]", "7", "{}", R"({"request":true,"response":true,"id":1,"method":"x"})",
          R"({"request":1,"id":1,"method":"x"})", R"({"request":true,"method":"x"})",
          R"({"request":true,"id":-1,"method":"x"})", R"({"request":true,"id":1.5,"method":"x"})",
          R"({"request":true,"id":9007199254740992,"method":"x"})",
          R"({"request":true,"id":1,"method":7})", R"({"response":true,"id":1,"ok":"yes"})"}) {
        CAPTURE(bad);
        CHECK(message_error(bad) != "");
    }
}

TEST_CASE("a rate allows a burst, and then what flows in") {
    RateLimit rate(3, 2);
    auto now = base::Instant::from_micros(1'000'000'000);
    for (int i = 0; i < 3; ++i) CHECK(rate.take(now));
    CHECK(!rate.take(now));
    now += 499ms;
    CHECK(!rate.take(now));
    now += 1ms;
    CHECK(rate.take(now));
    now += 1h;
    for (int i = 0; i < 3; ++i) CHECK(rate.take(now));
    CHECK(!rate.take(now));
}

TEST_CASE("what a client asks wrongly is answered with what was wrong") {
    test::ModelServer server;
    server.start();
    auto& ada = server.client("standup", "ada");
    ada.connect();
    CHECK(ada.ask("changeDisplayName", R"({"displayName":"x"})") == "!409 join first");
    CHECK(ada.ask("join", R"({"displayName":7})") ==
          "!400 data.displayName: wanted text of at most 256 bytes");
    CHECK(ada.ask("join", R"({"device":{"x":")" + std::string(2000, 'x') + R"("}})") ==
          "!400 data.device: wanted at most 1024 bytes");
    CHECK(ada.ask("join", R"({"rtpCapabilities":{"codecs":7}})").starts_with("!400"));
    ada.enter(false);
    CHECK(ada.ask("dance") == "!404 no such method");
    CHECK(ada.ask("createWebRtcTransport", "7") == "!400 data: wanted an object");
    CHECK(ada.ask("createWebRtcTransport", R"({"producing":1})").starts_with("!400"));
    CHECK(ada.ask("connectWebRtcTransport", R"({"transportId":"7"})") == "!404 no such transport");
    const std::string send = R"({"transportId":")" + ada.send_transport + R"(",)";
    CHECK(ada.ask("connectWebRtcTransport", send + R"("dtlsParameters":{"fingerprints":[]}})") ==
          "!400 dtlsParameters.fingerprints: wanted at least one");
    CHECK(ada.ask("connectWebRtcTransport",
                  send + R"("dtlsParameters":{"role":"both","fingerprints":[)"
                         R"({"algorithm":"sha-256","value":"A"}]}})") ==
          "!400 dtlsParameters.role: wanted auto, client or server");
    CHECK(ada.ask("connectWebRtcTransport",
                  send + R"("dtlsParameters":{"fingerprints":[{"algorithm":"sha-256",)"
                         R"("value":"A"}]}})") == "!409 connected");
    CHECK(ada.ask("restartIce", send + R"("x":1})") ==
          R"({"usernameFragment":"again","password":"anew","iceLite":true})");
    CHECK(ada.ask("produce", send + R"("kind":"video","rtpParameters":{}})") == "!400 only audio");
    CHECK(ada.ask("produce", send + R"("kind":"audio"})").starts_with("!400"));
    CHECK(ada.ask("produce", send + R"("kind":"audio","appData":{"x":")" + std::string(5000, 'x') +
                                 R"("},"rtpParameters":)" + microphone(1) + "}") ==
          "!400 data.appData: wanted at most 4096 bytes");
    CHECK(ada.speak(9).starts_with("{"));
    CHECK(ada.speak(9) == "!409 this SSRC or mid is taken");
    CHECK(ada.ask("pauseProducer", R"({"producerId":"1"})") == "!404 no such producer");
    CHECK(ada.ask("requestConsumerKeyFrame", R"({"consumerId":"1"})") == "!404 no such consumer");
}

TEST_CASE("a peer has so many transports and producers and no more") {
    test::ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    // To speak on: one to hear on takes the place of the last.
    const std::string sending = R"({"producing":true,"consuming":false})";
    for (int i = 0; i < 6; ++i) CHECK(ada.ask("createWebRtcTransport", sending).starts_with("{"));
    CHECK(ada.ask("createWebRtcTransport", sending) ==
          "!429 as many transports as a peer may have");
    for (uint32_t i = 1; i < 16; ++i) CHECK(ada.speak(i).starts_with("{"));
    CHECK(ada.speak(99) == "!429 as many producers as a peer may have");
}

TEST_CASE("a transport is described as mediasoup-client wants it") {
    test::ModelServer server;
    server.start();
    auto& ada = server.client("standup", "ada");
    ada.connect();
    const std::string answer = ada.ask("createWebRtcTransport");
    const auto document = JsonDocument::parse(answer);
    REQUIRE(document);
    const Json root = document->root();
    CHECK(root["iceParameters"]["iceLite"].flag() == true);
    const Json candidate = root["iceCandidates"][size_t{0}];
    CHECK(candidate["ip"].text() == "127.0.0.1");
    CHECK(candidate["address"].text() == "127.0.0.1");
    CHECK(candidate["protocol"].text() == "udp");
    CHECK(candidate["type"].text() == "host");
    CHECK(!candidate["tcpType"].text());
    const Json passive = root["iceCandidates"][size_t{1}];
    CHECK(passive["protocol"].text() == "tcp");
    CHECK(passive["tcpType"].text() == "passive");
    CHECK(passive["type"].text() == "host");
    CHECK(passive["port"].number() == 40'000);
    CHECK(root["iceCandidates"].size() == 2);

    const std::string forced = ada.ask("createWebRtcTransport", R"({"forceTcp":true})");
    const auto of_tcp = JsonDocument::parse(forced);
    REQUIRE(of_tcp);
    CHECK(of_tcp->root()["iceCandidates"].size() == 1);
    CHECK(of_tcp->root()["iceCandidates"][size_t{0}]["protocol"].text() == "tcp");
    CHECK(root["dtlsParameters"]["role"].text() == "auto");
    CHECK(root["dtlsParameters"]["fingerprints"].size() == 1);
}
