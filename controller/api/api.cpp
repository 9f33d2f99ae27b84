#include "controller/api/api.h"

#include <algorithm>
#include <charconv>

#include "controller/api/call.h"
#include "controller/views.h"

namespace parley::controller::api {

namespace {

constexpr size_t kBodyBytes = 64 * 1024;
constexpr uint64_t kPageMost = 1'000;

bool is_json(std::string_view content_type) {
    const std::string_view type = content_type.substr(0, content_type.find_first_of("; "));
    constexpr std::string_view kJson = "application/json";
    return std::equal(type.begin(), type.end(), kJson.begin(), kJson.end(),
                      [](unsigned char a, char b) { return std::tolower(a) == b; });
}

}  // namespace

struct Api::Route {
    std::string_view method;
    std::string_view path;  // {} stands for one segment
    bool open;              // to everybody, not only to administrators
    Response (Api::*answer)(Call&);
};

const std::array<Api::Route, 15> Api::kRoutes = {{
    {"GET", "/healthz", true, &Api::healthz},
    {"GET", "/readyz", true, &Api::readyz},
    {"GET", "/metrics", false, &Api::metrics},
    {"GET", "/v1/rooms", false, &Api::list_rooms},
    {"POST", "/v1/rooms", false, &Api::create_room},
    {"GET", "/v1/rooms/{}", false, &Api::get_room},
    {"DELETE", "/v1/rooms/{}", false, &Api::close_room},
    {"GET", "/v1/rooms/{}/why", false, &Api::explain_room},
    {"GET", "/v1/rooms/{}/peers", false, &Api::list_peers},
    {"POST", "/v1/rooms/{}/peers", false, &Api::add_peer},
    {"GET", "/v1/rooms/{}/peers/{}", false, &Api::get_peer},
    {"DELETE", "/v1/rooms/{}/peers/{}", false, &Api::kick_peer},
    {"POST", "/v1/rooms/{}/peers/{}/mute", false, &Api::mute_peer},
    {"GET", "/v1/workers", false, &Api::list_workers},
    {"GET", "/v1/events", false, &Api::events},
}};

namespace {

// The segments that stood for {}, when the path is of this shape.
std::optional<std::vector<std::string>> match(const std::vector<std::string>& path,
                                              std::string_view shape) {
    const auto wanted = segments(shape);
    if (wanted->size() != path.size()) return std::nullopt;
    std::vector<std::string> arguments;
    for (size_t i = 0; i < path.size(); ++i) {
        if ((*wanted)[i] == "{}") {
            arguments.push_back(path[i]);
        } else if ((*wanted)[i] != path[i]) {
            return std::nullopt;
        }
    }
    return arguments;
}

// The body of a POST as an object, or why it is none.
base::Result<JsonDocument, Response> read_body(const Request& request) {
    const auto refuse = [](uint16_t status, std::string_view reason) {
        return base::Err{error_response(status, reason)};
    };
    if (request.body.size() > kBodyBytes) return refuse(413, "a body has at most 64 KiB");
    if (!is_json(request.content_type)) return refuse(415, "Content-Type: application/json wanted");
    auto document = JsonDocument::parse(request.body.empty() ? "{}" : request.body);
    if (!document) return refuse(400, document.error());
    if (!document->root().is_object()) return refuse(400, "the body must be a JSON object");
    return std::move(*document);
}

}  // namespace

Api::Api(Options options, const Tokens& tokens, base::Random& random)
    : options_(std::move(options)), tokens_(tokens), random_(random), gate_(options_.admin_keys) {}

Response Api::on_request(Instant now, const Request& request, Controller& controller,
                         Outputs& out) {
    Call call{now, request, controller, out};
    Response response = route(call);
    counts_.count_response(response.status);
    return response;
}

std::variant<Response, Ask> Api::on_request(Instant now, const Request& request,
                                            Controller& controller, const Others& others,
                                            Outputs& out) {
    Call call{now, request, controller, out, &others};
    Response response = route(call);
    if (call.ask) return std::move(*call.ask);
    counts_.count_response(response.status);
    return response;
}

Response Api::route(Call& call) {
    const auto path = segments(call.request.path);
    if (!path) return error_response(400, "the path's percent-encoding is broken");
    std::string_view method = call.request.method;
    if (method == "HEAD") method = "GET";
    std::string allowed;
    for (const Route& route : kRoutes) {
        auto arguments = match(*path, route.path);
        if (!arguments) continue;
        if (route.method != method) {
            allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
            if (route.method == "GET") allowed += ", HEAD";
            continue;
        }
        if (!route.open) {
            if (auto refusal = gate_.refusal(call.request)) return std::move(*refusal);
        }
        call.arguments = std::move(*arguments);
        if (method == "POST") {
            auto document = read_body(call.request);
            if (!document) return document.error();
            call.document = std::move(*document);
        }
        return (this->*route.answer)(call);
    }
    if (allowed.empty()) return error_response(404, "no such path");
    Response refusal = error_response(405, "the path does not take " + call.request.method);
    refusal.headers.emplace_back("Allow", allowed);
    return refusal;
}

std::vector<std::string> Api::routes() {
    std::vector<std::string> names;
    for (const Route& route : kRoutes) {
        names.push_back(std::string(route.method) + " " + std::string(route.path));
    }
    return names;
}

std::optional<Response> Api::events_refusal(const Request& request) const {
    return gate_.refusal(request);
}

Response Api::healthz(Call&) {
    return json_response(200, R"({"healthy":true})");
}

Response Api::readyz(Call& call) {
    const char* reason = stopping_                  ? "stopping"
                         : !call.controller.ready() ? "no worker runs"
                         : draining_                ? "draining"
                         : broker_away_             ? "the broker is away"
                         : has_rival_               ? "another server has this id"
                                                    : nullptr;
    if (!reason) return json_response(200, R"({"ready":true})");
    JsonWriter json;
    json.object().flag("ready", false).text("reason", reason).end_object();
    return json_response(503, json.take());
}

Response Api::metrics(Call& call) {
    return {.status = 200,
            .content_type = "text/plain; version=0.0.4; charset=utf-8",
            .body = metrics_text(call.now, call.controller, counts_)};
}

Response Api::list_workers(Call& call) {
    JsonWriter json;
    json.object().key("workers").array();
    for (const WorkerInfo& worker : call.controller.workers(call.now)) write_worker(json, worker);
    json.end_array().text("pipeVersion", pipe_version_text(Controller::pipe_version()));
    return json_response(200, json.end_object().take());
}

Response Api::events(Call&) {
    Response answer = error_response(426, "a WebSocket: ask with Upgrade: websocket");
    answer.headers.emplace_back("Upgrade", "websocket");
    return answer;
}

base::Result<Page, Response> page_of(const Query& query) {
    Page page;
    page.after = find(query, "after").value_or("");
    if (const auto limit = find(query, "limit")) {
        const char* end = limit->data() + limit->size();
        const auto [rest, error] = std::from_chars(limit->data(), end, page.limit);
        if (error != std::errc() || rest != end || page.limit == 0 || page.limit > kPageMost) {
            return base::Err{error_response(400, "limit is a number from 1 to 1000")};
        }
    }
    return page;
}

// Lower-case letters and digits: 16 of them, to be said and typed.
std::string Api::new_id() {
    constexpr std::string_view kAlphabet = "abcdefghijkmnopqrstuvwxyz23456789";
    std::string id(16, 'a');
    for (char& c : id) c = kAlphabet[random_.below(kAlphabet.size())];
    return id;
}

std::string Api::signalling_url(const Request& request) const {
    std::string_view base = options_.public_url;
    if (base.empty()) return (request.secure ? "wss://" : "ws://") + request.host + "/";
    const bool secure = base.starts_with("https://");
    base.remove_prefix(secure ? 8 : 7);
    return (secure ? "wss://" : "ws://") + std::string(base) + "/";
}

}  // namespace parley::controller::api
