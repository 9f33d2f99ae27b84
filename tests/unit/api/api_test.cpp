#include "controller/api/api.h"

#include <doctest/doctest.h>

#include <fstream>
#include <set>

#include "common/json/json.h"
#include "controller/views.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::api;

namespace {

const std::string kKey = "an-admin-key-of-some-length";
const std::string kSecret = "0123456789abcdef0123456789abcdef";

// The API before a whole controller with a model worker behind it.
class World {
public:
    explicit World(Api::Options options = {.admin_keys = {kKey}},
                   std::vector<TokenKey> keys = {{"a", TokenKey::Algorithm::Hs256, kSecret}})
        : tokens(std::move(keys)), random(7), api(std::move(options), tokens, random) {
        server.start();
    }

    Response ask(Request request) {
        return server.call([&](Controller& controller, Instant, Outputs& out) {
            return api.on_request(server.now, request, controller, out);
        });
    }
    Response ask(const std::string& method, const std::string& path, const std::string& body = {},
                 Query query = {}) {
        return ask({.method = method,
                    .path = path,
                    .query = std::move(query),
                    .authorization = "Bearer " + kKey,
                    .content_type = body.empty() && method != "POST" ? "" : "application/json",
                    .host = "voice.example:4400",
                    .remote = "192.0.2.1",
                    .body = body});
    }

    test::ModelServer server;
    Tokens tokens;
    base::SeededRandom random;
    Api api;
};

JsonDocument json_of(const Response& response) {
    auto document = JsonDocument::parse(response.body);
    REQUIRE_MESSAGE(document.ok(), response.body);
    return std::move(*document);
}

std::string text_of(const Response& response, std::string_view name) {
    return std::string(json_of(response).root()[name].text().value_or("?"));
}

std::string reason_of(const Response& response) {
    return std::string(json_of(response).root()["error"]["reason"].text().value_or("?"));
}

std::string header_of(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return "";
}

}  // namespace

TEST_CASE("a room is made, looked at, listed and closed") {
    World world;
    const Response made = world.ask("POST", "/v1/rooms",
                                    R"({"room": "standup", "options": {"maxPeers": 5,
                                        "emptyTimeout": 30, "metadata": {"team": "blue"}}})");
    CHECK(made.status == 201);
    CHECK(made.content_type == "application/json");
    CHECK(header_of(made, "Location") == "/v1/rooms/standup");
    CHECK(world.ask("GET", "/v1/rooms/standup").body == made.body);
    const JsonDocument room = json_of(made);
    CHECK(room.root()["id"].text() == "standup");
    CHECK(room.root()["maxPeers"].number() == 5);
    CHECK(room.root()["emptyTimeout"].number() == 30);
    CHECK(room.root()["metadata"]["team"].text() == "blue");
    CHECK(room.root()["peers"].size() == 0);
    const Response again =
        world.ask("POST", "/v1/rooms", R"({"room": "standup", "options": {"maxPeers": 9}})");
    CHECK(again.status == 200);
    CHECK(again.body == made.body);
    CHECK(world.server.events("room.created") == 1);

    CHECK(world.ask("DELETE", "/v1/rooms/standup").status == 204);
    CHECK(world.ask("GET", "/v1/rooms/standup").status == 404);
    CHECK(world.ask("DELETE", "/v1/rooms/standup").status == 404);
    CHECK(world.server.events("room.closed") == 1);
}

TEST_CASE("a room without a name gets one of its own") {
    World world;
    const std::string a = text_of(world.ask("POST", "/v1/rooms", "{}"), "id");
    const std::string b = text_of(world.ask("POST", "/v1/rooms"), "id");
    CHECK(is_id(a));
    CHECK(is_id(b));
    CHECK(a != b);
}

TEST_CASE("lists come in pages, in the order of their ids") {
    World world;
    for (const char* id : {"d", "a", "c", "e", "b"}) {
        world.ask("POST", "/v1/rooms", R"({"room": ")" + std::string(id) + R"("})");
    }
    std::string seen;
    std::string after;
    for (int pages = 0; pages < 5; ++pages) {
        const JsonDocument page =
            json_of(world.ask("GET", "/v1/rooms", "", {{"limit", "2"}, {"after", after}}));
        const Json rooms = page.root()["rooms"];
        for (size_t i = 0; i < rooms.size(); ++i) seen += *rooms[i]["id"].text();
        if (page.root()["next"].is_null()) break;
        after = *page.root()["next"].text();
        seen += "|";
    }
    CHECK(seen == "ab|cd|e");
    for (const char* limit : {"0", "1001", "x", "-1", ""}) {
        CHECK(world.ask("GET", "/v1/rooms", "", {{"limit", limit}}).status == 400);
    }
}

TEST_CASE("a token from the API lets its peer in, with the rights it names") {
    World world;
    const Response answer = world.ask("POST", "/v1/rooms/standup/peers",
                                      R"({"peer": "ada", "name": "Ada", "subscribe": false,
                                          "ttl": 60})");
    REQUIRE(answer.status == 201);
    CHECK(text_of(answer, "peer") == "ada");
    CHECK(text_of(answer, "room") == "standup");
    CHECK(text_of(answer, "url") == "ws://voice.example:4400/");
    const auto grant = world.tokens.check(world.server.now, text_of(answer, "token"));
    REQUIRE(grant.ok());
    CHECK(grant->room == "standup");
    CHECK(grant->peer == "ada");
    CHECK(grant->name == "Ada");
    CHECK(grant->rights == Rights{true, false, true});
    CHECK(grant->expires - world.server.now <= base::Duration(60s));
    CHECK(is_id(text_of(world.ask("POST", "/v1/rooms/standup/peers", "{}"), "peer")));
}

TEST_CASE("the address of the signalling is the public one where there is one") {
    for (const auto& [url, signalling] :
         {std::pair("https://voice.example", "wss://voice.example/"),
          std::pair("http://voice.example:80/app", "ws://voice.example:80/app/")}) {
        World world({.admin_keys = {kKey}, .public_url = url});
        CHECK(text_of(world.ask("POST", "/v1/rooms/r/peers", "{}"), "url") == signalling);
    }
}

TEST_CASE("a token is of no use for a room that nobody may make by joining") {
    World world({.admin_keys = {kKey}, .create_on_join = false});
    CHECK(world.ask("POST", "/v1/rooms/standup/peers", "{}").status == 404);
    world.ask("POST", "/v1/rooms", R"({"room": "standup"})");
    CHECK(world.ask("POST", "/v1/rooms/standup/peers", "{}").status == 201);
}

TEST_CASE("without a secret to sign with no token is given out") {
    World world({.admin_keys = {kKey}}, {});
    CHECK(world.ask("POST", "/v1/rooms/standup/peers", "{}").status == 409);
}

TEST_CASE("peers are listed, muted and kicked, and the others keep talking") {
    World world;
    test::ModelClient& ada = world.server.enter("standup", "ada");
    test::ModelClient& bob = world.server.enter("standup", "bob");
    REQUIRE(world.server.hears(bob) == std::set<std::string>{"ada"});

    const JsonDocument peers = json_of(world.ask("GET", "/v1/rooms/standup/peers"));
    REQUIRE(peers.root()["peers"].size() == 2);
    CHECK(peers.root()["peers"][0]["id"].text() == "ada");
    CHECK(peers.root()["peers"][1]["producers"].size() == 1);

    const Response muted =
        world.ask("POST", "/v1/rooms/standup/peers/ada/mute", R"({"muted": true})");
    CHECK(muted.status == 200);
    CHECK(json_of(muted).root()["producers"][0]["muted"].flag() == true);
    CHECK(world.server.hears(bob).empty());
    CHECK(world.server.hears(ada) == std::set<std::string>{"bob"});
    world.ask("POST", "/v1/rooms/standup/peers/ada/mute", R"({"muted": false})");
    CHECK(world.server.hears(bob) == std::set<std::string>{"ada"});

    CHECK(world.ask("DELETE", "/v1/rooms/standup/peers/ada", "", {{"reason", "bye"}}).status ==
          204);
    CHECK(ada.close_code == 4403);
    CHECK(bob.connected());
    CHECK(world.ask("GET", "/v1/rooms/standup/peers/ada").status == 404);
    CHECK(world.ask("GET", "/v1/rooms/standup/peers/bob").status == 200);
}

TEST_CASE("each request that can not be carried out says why") {
    World world;
    world.ask("POST", "/v1/rooms", R"({"room": "r"})");
    const struct {
        const char* method;
        const char* path;
        const char* body;
        int status;
        const char* reason;  // a part of it
    } cases[] = {
        {"GET", "/v1/nothing", "", 404, "no such path"},
        {"GET", "/v2/rooms", "", 404, "no such path"},
        {"GET", "/v1/rooms/r/peers/p/q/r", "", 404, "no such path"},
        {"GET", "/v1//rooms", "", 404, "no such path"},
        {"GET", "/v1/rooms/%zz", "", 400, "percent-encoding"},
        {"PUT", "/v1/rooms", "", 405, "PUT"},
        {"POST", "/v1/workers", "{}", 405, "POST"},
        {"GET", "/v1/rooms/gone", "", 404, "no such room"},
        {"GET", "/v1/rooms/gone/peers", "", 404, "no such room"},
        {"GET", "/v1/rooms/r/peers/gone", "", 404, "no such peer"},
        {"DELETE", "/v1/rooms/r/peers/gone", "", 404, "no such peer"},
        {"POST", "/v1/rooms/r/peers/gone/mute", R"({"muted": true})", 404, "no such peer"},
        {"POST", "/v1/rooms/r/peers/gone/mute", "{}", 400, "muted"},
        {"POST", "/v1/rooms/r/peers/gone/mute", R"({"muted": 1})", 400, "muted"},
        {"POST", "/v1/rooms", "{", 400, ""},
        {"POST", "/v1/rooms", "[]", 400, "object"},
        {"POST", "/v1/rooms", R"({"room": "a b"})", 400, "room"},
        {"POST", "/v1/rooms", R"({"room": 7})", 400, "room"},
        {"POST", "/v1/rooms", R"({"options": {"maxPeers": -1}})", 400, "maxPeers"},
        {"POST", "/v1/rooms", R"({"options": {"maxPeers": 1e30}})", 400, "maxPeers"},
        {"POST", "/v1/rooms", R"({"options": {"emptyTimeout": "1m"}})", 400, "emptyTimeout"},
        {"POST", "/v1/rooms", R"({"options": 7})", 400, "options"},
        {"POST", "/v1/rooms", R"({"options": []})", 400, "options"},
        {"POST", "/v1/rooms", R"({"options": null})", 201, ""},
        {"POST", "/v1/rooms", R"({"room": "x", "bogus": 1})", 400, "bogus"},
        {"POST", "/v1/rooms", R"({"room": "x", "maxPeers": 5})", 400, "maxPeers"},
        {"POST", "/v1/rooms", R"({"room": "x", "options": {"maxpeers": 5}})", 400, "maxpeers"},
        {"GET", "/v1/rooms/x", "", 404, "no such room"},
        {"POST", "/v1/rooms/a%20b/peers", "{}", 400, "room"},
        {"POST", "/v1/rooms/r/peers", R"({"peer": ""})", 201, ""},
        {"POST", "/v1/rooms/r/peers", R"({"peer": "a/b"})", 400, "peer"},
        {"POST", "/v1/rooms/r/peers", R"({"ttl": 0})", 400, "ttl"},
        {"POST", "/v1/rooms/r/peers", R"({"ttl": 99999999})", 400, "ttl"},
        {"POST", "/v1/rooms/r/peers", R"({"name": "a\u0000b"})", 400, "name"},
        {"POST", "/v1/rooms/r/peers", R"({"publish": "yes"})", 400, "publish"},
        {"POST", "/v1/rooms/r/peers", R"({"peer": "p", "publsh": true})", 400, "publsh"},
        {"POST", "/v1/rooms/r/peers/p/mute", R"({"muted": true, "for": 5})", 400, "for"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.method);
        CAPTURE(one.path);
        CAPTURE(one.body);
        const Response response = world.ask(one.method, one.path, one.body);
        CHECK(response.status == one.status);
        if (response.status < 400) continue;
        CHECK(json_of(response).root()["error"]["code"].number() == response.status);
        CHECK_MESSAGE(reason_of(response).find(one.reason) != std::string::npos,
                      reason_of(response));
    }
}

TEST_CASE("a malformed body is told with its place") {
    World world;
    const Response response = world.ask("POST", "/v1/rooms", R"({"room": "r", })");
    CHECK(response.status == 400);
    CHECK(reason_of(response).find("14") != std::string::npos);
}

TEST_CASE("a path that takes other methods says which") {
    World world;
    CHECK(header_of(world.ask("PATCH", "/v1/rooms"), "Allow") == "GET, HEAD, POST");
    CHECK(header_of(world.ask("POST", "/v1/rooms/r", "{}"), "Allow") == "GET, HEAD, DELETE");
    CHECK(world.ask("HEAD", "/v1/rooms").status == 200);
    CHECK(world.ask("OPTIONS", "/v1/rooms").status == 405);
}

TEST_CASE("a body comes as JSON and is bounded") {
    World world;
    Request request{.method = "POST",
                    .path = "/v1/rooms",
                    .authorization = "Bearer " + kKey,
                    .content_type = "text/plain",
                    .body = "{}"};
    CHECK(world.ask(request).status == 415);
    request.content_type = "";
    CHECK(world.ask(request).status == 415);
    request.content_type = "Application/JSON; charset=utf-8";
    CHECK(world.ask(request).status == 201);
    request.body = "{\"metadata\": \"" + std::string(70'000, 'x') + "\"}";
    CHECK(world.ask(request).status == 413);
    const std::string long_text(5'000, 'x');
    CHECK(reason_of(world.ask("POST", "/v1/rooms",
                              R"({"options": {"metadata": ")" + long_text + "\"}}")) ==
          "options.metadata: wanted JSON of at most 4 KiB and 16 levels");
    CHECK(world.ask("POST", "/v1/rooms", std::string(10'000, '[')).status == 400);
}

TEST_CASE("only administrators ask, but whoever may know whether the server lives") {
    World world;
    for (const char* path :
         {"/v1/rooms", "/v1/workers", "/v1/rooms/r/peers", "/metrics", "/v1/events"}) {
        CHECK(world.ask({.method = "GET", .path = path}).status == 401);
    }
    CHECK(world.ask({.method = "GET", .path = "/healthz"}).status == 200);
    CHECK(world.ask({.method = "GET", .path = "/readyz"}).status == 200);
    // Whether a room exists is not told to others either.
    CHECK(world.ask({.method = "GET", .path = "/v1/rooms/gone"}).status == 401);
}

TEST_CASE("a server is ready while a worker runs and it is not going away") {
    World world;
    CHECK(world.ask("GET", "/readyz").status == 200);
    world.server.workers_start = false;
    world.server.kill_worker(0);
    CHECK(world.ask("GET", "/readyz").status == 503);
    CHECK(text_of(world.ask("GET", "/readyz"), "reason") == "no worker runs");
    CHECK(world.ask("GET", "/healthz").status == 200);
    World other;
    other.api.on_stop();
    CHECK(text_of(other.ask("GET", "/readyz"), "reason") == "stopping");
}

TEST_CASE("workers are shown, and events are pointed to their WebSocket") {
    World world;
    const JsonDocument workers = json_of(world.ask("GET", "/v1/workers"));
    REQUIRE(workers.root()["workers"].size() == 1);
    CHECK(workers.root()["workers"][0]["state"].text() == "running");
    CHECK(workers.root()["workers"][0]["pipeVersion"].text() == "1.0");  // an old one
    CHECK(workers.root()["pipeVersion"].text() == pipe_version_text(Controller::pipe_version()));
    CHECK(pipe_version_text(Controller::pipe_version()) != "1.0");
    CHECK(world.ask("GET", "/v1/events").status == 426);
    CHECK(world.api.events_refusal({.method = "GET", .path = "/v1/events"})->status == 401);
    CHECK(!world.api.events_refusal(
        {.method = "GET", .path = "/v1/events", .authorization = "Bearer " + kKey}));
}

TEST_CASE("docs/openapi.yaml tells of every route, and of none that is not there") {
    std::ifstream file(PARLEY_SOURCE_ROOT "/docs/openapi.yaml");
    REQUIRE(file.good());
    std::set<std::string> documented;
    std::string path;
    for (std::string line; std::getline(file, line) && line != "webhooks:";) {
        if (line.starts_with("  /")) {
            path.clear();
            bool inside = false;  // of {a parameter}
            for (const char c : line.substr(2, line.find(':') - 2)) {
                if (!inside || c == '}') path += c;
                inside = c == '{' || (inside && c != '}');
            }
        }
        for (const std::string method : {"GET", "POST", "DELETE"}) {
            std::string key = "    ";
            for (const char c : method) key += static_cast<char>(std::tolower(c));
            if (line == key + ":") documented.insert(method + " " + path);
        }
    }
    const auto routes = Api::routes();
    CHECK(documented == std::set<std::string>(routes.begin(), routes.end()));
}

TEST_CASE("metrics count what is there") {
    World world;
    world.server.enter("standup", "ada");
    world.ask("GET", "/v1/nothing");
    world.api.counts().webhooks_dropped = 3;
    const Response response = world.ask("GET", "/metrics");
    CHECK(response.status == 200);
    CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
    for (const char* line :
         {"parley_ready 1", "parley_rooms 1", "parley_peers 1", "parley_worker_up{worker=\"0\"} 1",
          "parley_worker_info{worker=\"0\",pipe=\"1.0\"} 1",
          "# TYPE parley_worker_sent_packets_total counter", "# TYPE parley_worker_rooms gauge",
          "parley_http_responses_total{status=\"404\"} 1", "parley_webhook_dropped_total 3"}) {
        CAPTURE(line);
        CHECK(response.body.find(line) != std::string::npos);
    }
}

TEST_CASE("a mangled body ends in an answer, never in a crash") {
    World world;
    const std::string bodies[] = {
        R"({"room": "standup", "options": {"maxPeers": 5, "emptyTimeout": 30,
            "metadata": {"a": [1, 2.5]}}})",
        R"({"peer": "ada", "name": "\u00e9", "subscribe": false, "ttl": 60})",
        R"({"muted": true})"};
    const char* paths[] = {"/v1/rooms", "/v1/rooms/r/peers", "/v1/rooms/r/peers/p/mute"};
    for (int i = 0; i < 20'000; ++i) {
        const uint64_t which = world.random.below(3);
        std::string body = bodies[which];
        for (uint64_t n = 1 + world.random.below(4); n > 0 && !body.empty(); --n) {
            const size_t at = world.random.below(body.size());
            switch (world.random.below(4)) {
                case 0: body[at] = static_cast<char>(world.random.below(256)); break;
                case 1: body.erase(at, 1 + world.random.below(8)); break;
                case 2: body.insert(at, body.substr(world.random.below(body.size()))); break;
                default: body.resize(at); break;
            }
        }
        const Response response = world.ask("POST", paths[which], body);
        const bool known = response.status == 200 || response.status == 201 ||
                           response.status == 400 || response.status == 404 ||
                           response.status == 413;
        CHECK(known);
    }
}
