#include <doctest/doctest.h>

#include "common/web/gate.h"
#include "controller/api/events.h"
#include "controller/api/http.h"
#include "controller/views.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::api;
using web::Gate;

namespace {

Request local() {
    return {.method = "GET", .path = "/v1/rooms", .host = "localhost:4400", .remote = "127.0.0.1"};
}

int status(const Gate& gate, const Request& request) {
    const auto refusal = gate.refusal(request);
    return refusal ? refusal->status : 200;
}

const Event kEvent{"peer.joined", Instant::from_micros(1'800'000'000'123'456), "standup", 7,
                   R"({"peer":"ada"})"};

}  // namespace

TEST_CASE("without keys only this machine administers") {
    const Gate gate({});
    CHECK(status(gate, local()) == 200);
    Request request = local();
    request.remote = "::1";
    request.host = "[::1]:4400";
    CHECK(status(gate, request) == 200);
    request.origin = "http://127.0.0.1:5173";
    CHECK(status(gate, request) == 200);
    for (const char* remote :
         {"10.0.0.1", "::ffff:10.0.0.1", "127.evil.example", "", "2001:db8::1"}) {
        request = local();
        request.remote = remote;
        CHECK(status(gate, request) == 403);
    }
}

TEST_CASE("without keys a proxy, a foreign name and a foreign page are not this machine") {
    const Gate gate({});
    Request request = local();
    request.forwarded = true;
    CHECK(status(gate, request) == 403);
    for (const char* host : {"evil.example", "localhost.evil.example", "", "[::2]", "[::1"}) {
        request = local();
        request.host = host;
        CHECK(status(gate, request) == 403);
    }
    for (const char* origin : {"https://evil.example", "null", "http://127.0.0.1.evil.example"}) {
        request = local();
        request.origin = origin;
        CHECK(status(gate, request) == 403);
    }
}

TEST_CASE("with keys whoever shows one administers, from anywhere") {
    const Gate gate({"first-key-0123456", "second-key-012345"});
    Request request = local();
    request.remote = "10.0.0.1";
    for (const char* shown : {"Bearer first-key-0123456", "bearer second-key-012345"}) {
        request.authorization = shown;
        CHECK(status(gate, request) == 200);
    }
    for (const char* shown :
         {"", "Bearer", "Bearer ", "Bearer first-key-012345", "Bearer first-key-01234567",
          "Basic first-key-0123456", "first-key-0123456"}) {
        request = local();  // this machine needs a key as well
        request.authorization = shown;
        CHECK(status(gate, request) == 401);
    }
    CHECK(gate.refusal(local())->headers.front().first == "WWW-Authenticate");
}

TEST_CASE("a listener hears its room, or everything") {
    base::SeededRandom random(1);
    EventStream stream(random);
    stream.on_connect(3, "standup");
    stream.on_connect(1, "");
    stream.on_connect(2, "elsewhere");
    Outputs out;
    const Notice notice = stream.on_event(kEvent, out);
    REQUIRE(out.size() == 2);
    CHECK(std::get<SendText>(out[0]).connection == 1);
    CHECK(std::get<SendText>(out[1]).connection == 3);
    CHECK(std::get<SendText>(out[0]).text == *notice.text);
    CHECK(*notice.text == R"({"id":")" + notice.id +
                              R"(","type":"peer.joined","at":"2027-01-15T08:00:00.123Z",)"
                              R"("room":"standup","number":7,"data":{"peer":"ada"}})");
    stream.on_disconnect(1);
    stream.on_disconnect(3);
    out.clear();
    const Notice next = stream.on_event(kEvent, out);
    CHECK(out.empty());
    CHECK(next.id != notice.id);
    CHECK(EventStream(random).on_event(kEvent, out).id != notice.id);
}

TEST_CASE("a path is taken apart before its percent-encoding is") {
    CHECK(segments("/v1/rooms/a%3Ab") == std::vector<std::string>{"v1", "rooms", "a:b"});
    CHECK(segments("/v1/a%2Fb/") == std::vector<std::string>{"v1", "a/b"});
    CHECK(segments("/") == std::vector<std::string>{});
    CHECK(segments("/v1//x") == std::vector<std::string>{"v1", "", "x"});
    for (const char* broken : {"/%", "/%4", "/%zz", "/a%4", "/%-1"}) CHECK(!segments(broken));
}

TEST_CASE("times are told as RFC 3339") {
    CHECK(time_text(Instant()) == "1970-01-01T00:00:00.000Z");
    CHECK(time_text(Instant::from_micros(951'827'696'789'999)) == "2000-02-29T12:34:56.789Z");
}
