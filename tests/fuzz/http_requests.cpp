#include "tests/fuzz/http_requests.h"

#include "tests/fuzz/mutate.h"

namespace parley::fuzz {

using controller::api::Request;

const char* const kAdminKey = "an-admin-key-of-some-length";
const char* const kTokenSecret = "0123456789abcdef0123456789abcdef";

std::string http_authorization() {
    return std::string("Bearer ") + kAdminKey;
}

namespace {

Request request(const char* method, const char* path, const char* body = "",
                controller::api::Query query = {}) {
    return {.method = method,
            .path = path,
            .query = std::move(query),
            .authorization = http_authorization(),
            .content_type = std::string_view(method) == "POST" ? "application/json" : "",
            .origin = "https://app.example",
            .host = "voice.example:4400",
            .remote = "192.0.2.1",
            .body = body};
}

// Text that goes through a URL or a header.
std::string mutated_part(base::Random& random, const std::string& part, const std::string& other) {
    static const std::vector<std::string> strange = {"",
                                                     "/",
                                                     "//",
                                                     "/v1",
                                                     "%",
                                                     "%2",
                                                     "%00",
                                                     "%2F",
                                                     "%2e%2e",
                                                     "..",
                                                     "*",
                                                     "\r\nX: y",
                                                     "{}",
                                                     "/v1/rooms/{}",
                                                     "-1",
                                                     "0",
                                                     "18446744073709551616",
                                                     std::string(70, 'a'),
                                                     std::string(5'000, '/'),
                                                     "\xff\xfe",
                                                     "Bearer ",
                                                     "localhost",
                                                     "[::1",
                                                     "127.0.0.1"};
    if (random.below(4) == 0) return strange[random.below(strange.size())];
    if (random.below(4) == 0) {
        std::string longer = part;
        return longer.insert(random.below(part.size() + 1), strange[random.below(strange.size())]);
    }
    const std::string& donor = other.empty() ? strange[random.below(strange.size())] : other;
    const Message bytes = mutated(random, {part.begin(), part.end()}, {donor.begin(), donor.end()});
    return {bytes.begin(), bytes.end()};
}

void mutate_query(base::Random& random, controller::api::Query& query) {
    static const std::vector<std::string> names = {"limit", "after", "room", "reason", ""};
    query.emplace_back(names[random.below(names.size())],
                       mutated_part(random, std::to_string(random.below(2'000)), "standup"));
    if (random.below(20) == 0) query.resize(2'000, query.back());
}

}  // namespace

const std::vector<Request>& http_requests() {
    static const std::vector<Request> all = {
        request("GET", "/healthz"),
        request("GET", "/readyz"),
        request("GET", "/metrics"),
        request("GET", "/v1/rooms", "", {{"limit", "10"}, {"after", "a"}}),
        request("POST", "/v1/rooms",
                R"({"room":"den","options":{"maxPeers":5,"emptyTimeout":30,)"
                R"("metadata":{"team":["blue",1]}}})"),
        request("POST", "/v1/rooms",
                R"({"room":"attic","options":{"maxPeers":null,"emptyTimeout":0}})"),
        request("POST", "/v1/rooms", "{}"),
        request("GET", "/v1/rooms/den"),
        request("DELETE", "/v1/rooms/den"),
        request("GET", "/v1/rooms/den/peers"),
        request("POST", "/v1/rooms/den/peers",
                R"({"peer":"carl","name":"Carl","publish":true,"subscribe":false,"data":true,)"
                R"("ttl":3600})"),
        request("GET", "/v1/rooms/den/peers/carl"),
        request("DELETE", "/v1/rooms/den/peers/carl", "", {{"reason", "enough"}}),
        request("POST", "/v1/rooms/den/peers/carl/mute", R"({"muted":true})"),
        request("GET", "/v1/workers"),
        request("GET", "/v1/events", "", {{"room", "den"}}),
    };
    return all;
}

Request mutated_request(base::Random& random, Request request, const Request& other) {
    for (uint64_t times = 1 + random.below(3); times > 0; --times) {
        switch (random.below(12)) {
            case 0: request.method = mutated_part(random, request.method, other.method); break;
            case 1:
            case 2: request.path = mutated_part(random, request.path, other.path); break;
            case 3: mutate_query(random, request.query); break;
            case 4:
                request.authorization = mutated_part(random, request.authorization, "Basic YTpi");
                break;
            case 5:
                request.content_type = mutated_part(random, request.content_type, "text/plain");
                break;
            case 6: request.host = mutated_part(random, request.host, "evil.example"); break;
            case 7: request.origin = mutated_part(random, request.origin, "null"); break;
            case 8: request.method = other.method; break;
            default: request.body = mutated_text(random, request.body, other.body);
        }
    }
    return request;
}

}  // namespace parley::fuzz
