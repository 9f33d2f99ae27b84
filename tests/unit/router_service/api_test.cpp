#include "router-service/api.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::beat_of;
using test::kStart;

struct Door {
    base::SeededRandom random{1};
    RouterService core{{.settle = 0s}, random};
    Api api{{}};
    Dashboard dashboard{1};
    Outputs out;
    uint64_t last = 0;

    Door() {
        core.on_connected(kStart, out);
        auto beat = beat_of("a", 1, 1.5);
        beat.rooms.push_back(test::room_of("standup", 5, 3));
        core.on_delivery(kStart,
                         {.tag = 0,
                          .queue = "beats",
                          .key = cluster::load_key("a"),
                          .body = cluster::write(beat)},
                         out);
        core.on_deadline(kStart, out);
        REQUIRE(core.is_whole());
    }
    Api::Outcome ask(std::string method, std::string path, std::string body = "",
                     web::Query query = {}) {
        return api.on_request(kStart, ++last,
                              {.method = std::move(method),
                               .path = std::move(path),
                               .query = std::move(query),
                               .host = "localhost",
                               .remote = "127.0.0.1",
                               .body = std::move(body)},
                              core, {.wanted = 3}, dashboard);
    }
    uint16_t status(const std::string& method, const std::string& path,
                    const std::string& body = "") {
        const Api::Outcome outcome = ask(method, path, body);
        return outcome.response ? outcome.response->status : 0;
    }
    // What the request became in the queue of commands.
    std::string command(const std::string& method, const std::string& path,
                        const std::string& body = "") {
        const Api::Outcome outcome = ask(method, path, body);
        REQUIRE(outcome.command);
        CHECK(outcome.command->key == cluster::kRoomsKey);
        return outcome.command->body;
    }
};

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("lists, the scale signal and the metrics are answered from the table") {
    Door door;
    CHECK(contains(door.ask("GET", "/v1/rooms").response->body, R"("room":"standup")"));
    CHECK(contains(door.ask("GET", "/v1/servers").response->body, R"("server":"a")"));
    CHECK(contains(door.ask("GET", "/v1/scale").response->body, R"("wanted":3)"));
    door.api.on_surroundings({.version = "9.9", .process = {}, .broker = {.waiting = 7}});
    const std::string metrics = door.ask("GET", "/metrics").response->body;
    CHECK(contains(metrics, "parley_service_rooms 1\n"));
    CHECK(contains(metrics, "parley_service_servers_wanted 3\n"));
    CHECK(contains(metrics, R"(parley_service_servers{standing="eligible"} 1)"));
    CHECK(contains(metrics, R"(parley_service_servers{standing="lost"} 0)"));
    CHECK(contains(metrics, "parley_service_assignment_seconds_count 0\n"));
    CHECK(contains(metrics, R"(parley_build_info{program="router-service",version="9.9"} 1)"));
    CHECK(contains(metrics, "parley_broker_waiting 7\n"));
    CHECK(contains(metrics, R"(parley_service_http_responses_total{status="200"} 3)"));
}

TEST_CASE("everything else becomes a command, as the app would have sent it") {
    Door door;
    CHECK(door.command("GET", "/v1/rooms/standup") == cluster::write(cluster::RoomGet{"standup"}));
    CHECK(door.command("GET", "/v1/rooms/standup/why") ==
          cluster::write(cluster::RoomWhy{"standup"}));
    CHECK(door.command("DELETE", "/v1/rooms/standup") ==
          cluster::write(cluster::RoomClose{"standup"}));
    CHECK(door.command("POST", "/v1/rooms", R"({"room": "x", "options": {"maxPeers": 3}})") ==
          cluster::write(cluster::RoomCreate{"x", {.max_peers = 3}}));
    CHECK(door.command("POST", "/v1/rooms") == cluster::write(cluster::RoomCreate{}));
    CHECK(contains(door.command("POST", "/v1/rooms/standup/peers", R"({"name": "Ada"})"),
                   R"("name":"Ada")"));
    CHECK(door.command("POST", "/v1/rooms/standup/peers/ada/mute", R"({"muted": true})") ==
          cluster::write(cluster::PeerMute{"standup", "ada", true}));
    CHECK(door.command("DELETE", "/v1/rooms/standup/peers/ada") ==
          cluster::write(cluster::PeerKick{"standup", "ada", ""}));
    CHECK(door.command("POST", "/v1/servers/a/undrain") ==
          cluster::write(cluster::ServerUndrain{"a"}));
}

TEST_CASE("the answer goes to who asked, once") {
    Door door;
    const auto asked = door.ask("GET", "/v1/rooms/standup").command;
    REQUIRE(asked);
    const uint64_t request = door.last;
    const cluster::Delivery answer{.tag = 0,
                                   .queue = std::string(cluster::kReplyTo),
                                   .key = "",
                                   .body = R"({"ok": true, "data": {"room": "standup"}})",
                                   .reply_to = {},
                                   .correlation_id = asked->correlation_id};
    std::optional<Api::Answered> answered;
    CHECK(door.api.on_delivery(answer, answered));
    REQUIRE(answered);
    CHECK(answered->request == request);
    CHECK(answered->response.status == 200);
    CHECK(contains(answered->response.body, R"({"room":"standup"})"));
    answered.reset();
    CHECK(door.api.on_delivery(answer, answered));
    CHECK_FALSE(answered);
}

TEST_CASE("a refusal keeps its code, and what is not for HTTP is left to others") {
    Door door;
    const auto asked = door.ask("DELETE", "/v1/rooms/standup").command;
    cluster::Delivery answer{.tag = 0,
                             .queue = std::string(cluster::kReplyTo),
                             .key = "",
                             .body = R"({"ok": false, "error": {"code": 404, "reason": "gone"}})",
                             .reply_to = {},
                             .correlation_id = "7"};
    std::optional<Api::Answered> answered;
    CHECK_FALSE(door.api.on_delivery(answer, answered));
    // The app may name its commands as it likes.
    answer.correlation_id = asked->correlation_id;
    answer.queue = cluster::kRooms;
    CHECK_FALSE(door.api.on_delivery(answer, answered));
    answer.queue = cluster::kReplyTo;
    CHECK(door.api.on_delivery(answer, answered));
    REQUIRE(answered);
    CHECK(answered->response.status == 404);
}

TEST_CASE("who is not answered in time is told, and so are all when the broker goes") {
    Door door;
    door.ask("GET", "/v1/rooms/standup");
    CHECK(door.api.on_deadline(kStart + 1s).empty());
    const auto late = door.api.on_deadline(door.api.next_deadline());
    REQUIRE(late.size() == 1);
    CHECK(late[0].response.status == 504);
    door.ask("GET", "/v1/rooms/standup");
    REQUIRE(door.api.on_disconnected().size() == 1);
    CHECK(door.api.next_deadline().is_never());

    door.core.on_disconnected(kStart, door.out);
    CHECK(door.status("GET", "/v1/rooms/standup") == 503);
    CHECK(door.status("GET", "/readyz") == 503);
    CHECK(door.status("GET", "/healthz") == 200);
    CHECK(door.status("GET", "/v1/rooms") == 200);
}

TEST_CASE("what is asked wrongly is refused") {
    Door door;
    CHECK(door.status("GET", "/v1/nothing") == 404);
    CHECK(door.status("POST", "/v1/rooms/standup") == 404);
    CHECK(door.status("GET", "/v1/rooms/a%20b") == 404);
    CHECK(door.status("GET", "/v1/rooms/%zz") == 400);
    CHECK(door.status("POST", "/v1/rooms", "{") == 400);
    CHECK(door.status("POST", "/v1/rooms", "[]") == 400);
    CHECK(door.status("POST", "/v1/rooms", R"({"colour": 1})") == 400);
    CHECK(door.status("POST", "/v1/rooms", R"({"type": "room.close"})") == 400);
    CHECK(door.status("POST", "/v1/rooms/a/peers", R"({"room": "b"})") == 400);
    for (const char* limit : {"0", "1001", "x", "-1", "", "1x"}) {
        CHECK(door.ask("GET", "/v1/rooms", "", {{"limit", limit}}).response->status == 400);
    }
}

// The path of a line such as `  /v1/rooms/{room}:`, with ids for what stands in braces.
std::string path_of(std::string line) {
    line = line.substr(2, line.find(':') - 2);
    for (size_t open = line.find('{'); open != line.npos; open = line.find('{')) {
        line.replace(open, line.find('}') - open + 1, "x");
    }
    return line;
}

TEST_CASE("docs/openapi-router-service.yaml tells of nothing that is not there") {
    std::ifstream file(PARLEY_SOURCE_ROOT "/docs/openapi-router-service.yaml");
    const std::map<std::string, std::string> methods = {
        {"    get:", "GET"}, {"    post:", "POST"}, {"    delete:", "DELETE"}};
    Door door;
    std::string path;
    int routes = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("  /")) path = path_of(line);
        const auto method = methods.find(line);
        if (method == methods.end()) continue;
        CAPTURE(path);
        const std::string body = path.ends_with("mute") ? R"({"muted": true})" : "";
        const web::Query query = {{"peer", "ada"}};
        const auto outcome = door.ask(method->second, path, body, query);
        const uint16_t status = outcome.response ? outcome.response->status : 0;
        CHECK((status == 0 || status == 200 || (path == "/v1/servers/x" && status == 404)));
        ++routes;
    }
    CHECK(routes == 19);
}

TEST_CASE("how many servers are wanted is not said before it is known") {
    Door door;
    const auto ask = [&](const char* path) {
        const web::Request request{
            .method = "GET", .path = path, .host = "localhost", .remote = "127.0.0.1"};
        return *door.api.on_request(kStart, 1, request, door.core, {.known = false}, door.dashboard)
                    .response;
    };
    CHECK(ask("/v1/scale").status == 503);
    CHECK_FALSE(contains(ask("/metrics").body, "parley_service_servers_wanted"));
    CHECK(contains(ask("/v1/fleet").body, R"("known":false)"));
    CHECK_FALSE(Scale({}).signal().known);
}

TEST_CASE("the dashboard is answered from the table, and goes on from where one was") {
    Door door;
    const auto fleet = [&](const std::string& since) {
        return door.ask("GET", "/v1/fleet", "", {{"since", since}}).response->body;
    };
    const std::string first = fleet("");
    CHECK(contains(first, R"("full":true)"));
    CHECK(contains(first, R"(,"a","","",4,4])"));
    const auto document = JsonDocument::parse(first);
    REQUIRE(document);
    CHECK(contains(fleet(std::string(*document->root()["since"].text())), R"("now":[])"));
}

TEST_CASE("a server is shown with its largest rooms and those that it lends workers to") {
    Door door;
    auto beat = beat_of("b", 1, 1.5);
    beat.rooms.push_back(test::room_of("hall", 5, 300));
    beat.rooms.push_back(test::room_of("attic", 5, 2));
    beat.rooms[0].overflow = {"a"};
    door.core.on_delivery(
        kStart,
        {.tag = 0, .queue = "beats", .key = cluster::load_key("b"), .body = cluster::write(beat)},
        door.out);
    const std::string home = door.ask("GET", "/v1/servers/b").response->body;
    CHECK(contains(home, R"("largest":[{"room":"hall","peers":300,"home":"b","overflow":["a"]})"));
    CHECK(contains(home, R"("standing":"eligible")"));
    const std::string lender = door.ask("GET", "/v1/servers/a").response->body;
    CHECK(contains(lender, R"("lends":[{"room":"hall","peers":300,"home":"b")"));
    CHECK(door.status("GET", "/v1/servers/c") == 404);
    CHECK(contains(door.ask("GET", "/v1/rooms", "", {{"beginning", "ha"}}).response->body,
                   R"({"rooms":[{"room":"hall")"));
    const std::string none =
        door.ask("GET", "/v1/rooms", "", {{"beginning", "all"}}).response->body;
    CHECK(contains(none, R"({"rooms":[],"next":null})"));
}

TEST_CASE("somebody is looked for on every server, and who asked gets one answer") {
    Door door;
    const Api::Outcome outcome = door.ask("GET", "/v1/peers", "", {{"peer", "ada"}});
    REQUIRE(outcome.questions.size() == 1);
    CHECK(outcome.questions[0].key == cluster::server_key("a"));
    CHECK(door.api.next_deadline() == kStart + PeerSearch::kTime);
    const cluster::Delivery answer{.queue = std::string(cluster::kReplyTo),
                                   .key = {},
                                   .body = R"({"ok":true,"data":{"peers":[]}})",
                                   .correlation_id = outcome.questions[0].correlation_id};
    std::optional<Api::Answered> answered;
    CHECK(door.api.on_delivery(answer, answered));
    REQUIRE(answered);
    CHECK(answered->request == door.last);
    CHECK(answered->response.status == 200);
    CHECK(door.status("GET", "/v1/peers") == 400);
    CHECK(door.ask("GET", "/v1/peers", "", {{"peer", std::string(300, 'x')}}).response->status ==
          400);
    door.ask("GET", "/v1/peers", "", {{"peer", "ada"}});
    CHECK(door.api.on_deadline(kStart + 10s).size() == 1);
    door.core.on_disconnected(kStart, door.out);
    CHECK(door.ask("GET", "/v1/peers", "", {{"peer", "ada"}}).response->status == 503);
}

TEST_CASE("a trusted proxy says who asks, and nobody else may") {
    Door door;
    web::TrustedProxies proxies;
    REQUIRE(proxies.add("10.0.0.0/8"));
    Api api({"a-key-of-16-chars"}, proxies);
    web::Request request{.method = "GET",
                         .path = "/v1/fleet",
                         .remote = "10.1.2.3",
                         .forwarded = true,
                         .user = "ada@example.com"};
    const auto status = [&] {
        const auto outcome = api.on_request(kStart, 1, request, door.core, {}, door.dashboard);
        return outcome.response ? outcome.response->status : 0;
    };
    CHECK(status() == 200);
    request.remote = "192.0.2.1";
    CHECK(status() == 403);
    request.authorization = "Bearer a-key-of-16-chars";
    CHECK(status() == 403);
    request.user = "";
    CHECK(status() == 200);
    request.authorization = "";
    request.remote = "10.1.2.3";
    CHECK(status() == 401);
}

TEST_CASE("a form of another site drains nobody, and who drains is remembered") {
    Door door;
    web::TrustedProxies proxies;
    REQUIRE(proxies.add("10.1.2.3"));
    Api api({}, proxies);
    web::Request request{.method = "POST",
                         .path = "/v1/servers/a/drain",
                         .content_type = "text/plain",
                         .remote = "10.1.2.3",
                         .user = "ada@example.com"};
    const auto ask = [&] {
        return api.on_request(kStart, 1, request, door.core, {}, door.dashboard);
    };
    CHECK(ask().response->status == 403);
    request.content_type = "application/json; charset=utf-8";
    CHECK(ask().command);
    CHECK(contains(door.ask("GET", "/v1/fleet").response->body,
                   "drain was asked for by ada@example.com"));
}

TEST_CASE("a stranger is told nothing but whether we live") {
    Door door;
    const web::Request request{.method = "GET", .path = "/v1/servers", .remote = "192.0.2.1"};
    CHECK(door.api.on_request(kStart, 1, request, door.core, {}, door.dashboard).response->status ==
          403);
    Api keyed({"a-key-of-16-chars"});
    web::Request with_key = request;
    CHECK(keyed.on_request(kStart, 1, with_key, door.core, {}, door.dashboard).response->status ==
          401);
    with_key.authorization = "Bearer a-key-of-16-chars";
    CHECK(keyed.on_request(kStart, 1, with_key, door.core, {}, door.dashboard).response->status ==
          200);
    with_key.authorization = "";
    with_key.path = "/healthz";
    CHECK(keyed.on_request(kStart, 1, with_key, door.core, {}, door.dashboard).response->status ==
          200);
}

}  // namespace
}  // namespace parley::router_service
