#include <doctest/doctest.h>

#include <map>

#include "common/cluster/codec.h"
#include "common/json/json.h"
#include "controller/api/api.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::api;

namespace {

// Another server, "two", with these rooms.
class OtherServer final : public Others {
public:
    bool can_be_asked() const override { return broker; }
    std::optional<Away> find(std::string_view room) const override {
        const auto found = known.find(std::string(room));
        if (found == known.end()) return std::nullopt;
        return Away{found->second, "ws://10.0.0.2:4400/"};
    }
    std::vector<cluster::RoomPlace> rooms(std::string_view after, size_t most) const override {
        std::vector<cluster::RoomPlace> places;
        for (const auto& [id, place] : known) {
            if (id > after && places.size() < most) places.push_back(place);
        }
        return places;
    }
    void add(const std::string& id) {
        cluster::RoomPlace& place = known[id];
        place.room = id;
        place.home = "two";
        place.signalling = "wss://two.example/";
        place.peers = 3;
        place.options.region = "eu";
    }

    bool broker = true;
    std::map<std::string, cluster::RoomPlace> known;
};

struct World {
    World() {
        server.start();
        others.add("theirs");
        server.call([&](Controller& core, Instant now, Outputs& out) {
            return core.create_room(now, "ours", {}, out).ok();
        });
    }
    std::variant<Response, Ask> request(const std::string& method, const std::string& path,
                                        const std::string& body = {}, Query query = {}) {
        const Request request{.method = method,
                              .path = path,
                              .query = std::move(query),
                              .content_type = method == "POST" ? "application/json" : "",
                              .host = "127.0.0.1:4400",
                              .remote = "127.0.0.1",
                              .body = body};
        return server.call([&](Controller& core, Instant now, Outputs& out) {
            return api.on_request(now, request, core, others, out);
        });
    }
    Response answer(const std::string& method, const std::string& path,
                    const std::string& body = {}, Query query = {}) {
        const auto outcome = request(method, path, body, std::move(query));
        REQUIRE(std::holds_alternative<Response>(outcome));
        return std::get<Response>(outcome);
    }
    Ask ask(const std::string& method, const std::string& path, const std::string& body = {},
            Query query = {}) {
        const auto outcome = request(method, path, body, std::move(query));
        REQUIRE(std::holds_alternative<Ask>(outcome));
        return std::get<Ask>(outcome);
    }

    test::ModelServer server;
    OtherServer others;
    Tokens tokens{{{"a", TokenKey::Algorithm::Hs256, "0123456789abcdef0123456789abcdef"}}};
    base::SeededRandom random{7};
    Api api{{.create_on_join = false}, tokens, random};
};

std::string header_of(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return "";
}

cluster::Answer place_of(const std::string& room, const std::string& home) {
    cluster::RoomPlace place;
    place.room = room;
    place.home = home;
    JsonWriter json;
    cluster::write(json, place);
    return {{}, json.take()};
}

}  // namespace

TEST_CASE("what concerns a room of another server is asked of that server") {
    World world;
    const Ask get = world.ask("GET", "/v1/rooms/theirs");
    CHECK(get.server == "two");
    CHECK(std::get<cluster::RoomGet>(get.command).room == "theirs");
    const Ask close = world.ask("DELETE", "/v1/rooms/theirs");
    CHECK(std::get<cluster::RoomClose>(close.command).room == "theirs");
    const Ask kick = world.ask("DELETE", "/v1/rooms/theirs/peers/ada", {}, {{"reason", "spam"}});
    CHECK(std::get<cluster::PeerKick>(kick.command).peer == "ada");
    CHECK(std::get<cluster::PeerKick>(kick.command).reason == "spam");
    const Ask mute = world.ask("POST", "/v1/rooms/theirs/peers/ada/mute", R"({"muted": false})");
    CHECK_FALSE(std::get<cluster::PeerMute>(mute.command).muted);
    // And of whoever takes commands, when nobody here knows it.
    CHECK(world.ask("GET", "/v1/rooms/unknown").server.empty());
    CHECK(world.ask("GET", "/v1/rooms/theirs/why").server.empty());
}

TEST_CASE("a room of this server is answered at once, as without a cluster") {
    World world;
    CHECK(world.answer("GET", "/v1/rooms/ours").status == 200);
    CHECK(world.answer("POST", "/v1/rooms", R"({"room": "ours"})").status == 200);
    world.others.broker = false;
    CHECK(world.answer("GET", "/v1/rooms/ours/why").status == 200);
    CHECK(world.answer("DELETE", "/v1/rooms/ours").status == 204);
    CHECK(world.answer("GET", "/v1/rooms/no%20id").status == 404);
}

TEST_CASE("a room is made by the cluster, with all that was wished for it") {
    World world;
    const Ask ask = world.ask("POST", "/v1/rooms",
                              R"({"room": "new", "options": {"maxPeers": 4, "region": "eu",
                                  "antiAffinity": "team"}})");
    CHECK(ask.server.empty());
    const auto& create = std::get<cluster::RoomCreate>(ask.command);
    CHECK(create.room == "new");
    CHECK(create.options.max_peers == 4);
    CHECK(create.options.region == "eu");
    CHECK(create.options.anti_affinity == "team");
    const Response made = world.api.on_answer(ask, place_of("new", "two"), world.server.core());
    CHECK(made.status == 201);
    CHECK(header_of(made, "Location") == "/v1/rooms/new");
    const auto body = JsonDocument::parse(made.body);
    CHECK(body->root()["home"].text() == "two");
    // An id is made up here, so that asking twice makes one room.
    const Ask nameless = world.ask("POST", "/v1/rooms", "{}");
    CHECK(std::get<cluster::RoomCreate>(nameless.command).room.size() == 16);
    CHECK(world.ask("POST", "/v1/rooms", R"({"room": "theirs"})").success == 200);
}

TEST_CASE("a room that the cluster made here is shown with all that is known of it") {
    World world;
    const Ask ask{"", cluster::RoomCreate{"ours", {}}, 201};
    const auto body = JsonDocument::parse(
        world.api.on_answer(ask, place_of("ours", "one"), world.server.core()).body);
    CHECK(body->root()["workers"][0].number() == 0);
    CHECK(body->root()["peers"].is_array());
}

TEST_CASE("the answer of the others is the answer here") {
    World world;
    const Controller& core = world.server.core();
    const Ask close{"two", cluster::RoomClose{"theirs"}, 204};
    CHECK(world.api.on_answer(close, cluster::Answer{}, core).status == 204);
    const cluster::Answer refused{cluster::Refusal{404, "no such room"}};
    const Response response = world.api.on_answer(close, refused, core);
    CHECK(response.status == 404);
    CHECK(response.body == "{\"error\":{\"code\":404,\"reason\":\"no such room\"}}\n");
    CHECK(world.api.on_answer(close, std::nullopt, core).status == 503);
    const Ask why{"", cluster::RoomWhy{"theirs"}, 200};
    CHECK(world.api.on_answer(why, cluster::Answer{{}, R"({"room":"theirs"})"}, core).body ==
          "{\"room\":\"theirs\"}\n");
}

TEST_CASE("while the broker is away a client is sent to the home, if that is known") {
    World world;
    world.others.broker = false;
    const Response sent =
        world.answer("DELETE", "/v1/rooms/theirs/peers/ada", {}, {{"reason", "a b&c"}});
    CHECK(sent.status == 307);
    CHECK(header_of(sent, "Location") ==
          "http://10.0.0.2:4400/v1/rooms/theirs/peers/ada?reason=a%20b%26c");
    CHECK(world.answer("GET", "/v1/rooms/unknown").status == 503);
    CHECK(world.answer("POST", "/v1/rooms", R"({"room": "new"})").status == 503);
}

TEST_CASE("peers of a room elsewhere are asked of its home, which the client is sent to") {
    World world;
    const Response sent = world.answer("GET", "/v1/rooms/theirs/peers", {}, {{"limit", "5"}});
    CHECK(sent.status == 307);
    CHECK(header_of(sent, "Location") == "http://10.0.0.2:4400/v1/rooms/theirs/peers?limit=5");
    CHECK(world.answer("GET", "/v1/rooms/theirs/peers/ada").status == 307);
    CHECK(world.answer("GET", "/v1/rooms/unknown/peers").status == 404);
}

TEST_CASE("a token for a room elsewhere is made here, and for an unknown room by who has it") {
    World world;
    const Response made = world.answer("POST", "/v1/rooms/theirs/peers", R"({"peer": "ada"})");
    CHECK(made.status == 201);
    const Ask ask = world.ask("POST", "/v1/rooms/unknown/peers", R"({"peer": "ada", "ttl": 60})");
    const auto& add = std::get<cluster::PeerAdd>(ask.command);
    CHECK(add.room == "unknown");
    CHECK(add.ttl == 60s);
    CHECK(ask.success == 201);
}

TEST_CASE("the rooms of all servers are one list, in pages") {
    World world;
    world.others.add("alpha");
    world.others.add("zulu");
    const auto ids = [&](Query query) {
        const Response response = world.answer("GET", "/v1/rooms", {}, std::move(query));
        const auto document = JsonDocument::parse(response.body);
        std::string text;
        for (size_t i = 0; i < document->root()["rooms"].size(); ++i) {
            const Json room = document->root()["rooms"][i];
            text += std::string(*room["id"].text()) + (room["home"].present() ? "@two " : " ");
        }
        return text + std::string(document->root()["next"].text().value_or("-"));
    };
    CHECK(ids({}) == "alpha@two ours theirs@two zulu@two -");
    CHECK(ids({{"limit", "2"}}) == "alpha@two ours ours");
    CHECK(ids({{"limit", "2"}, {"after", "ours"}}) == "theirs@two zulu@two -");
}
