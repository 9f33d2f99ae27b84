#include "router-service/api.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/cluster/codec.h"
#include "common/cluster/ids.h"
#include "common/cluster/names.h"
#include "common/json/json.h"
#include "router-service/api_path.h"

namespace parley::router_service {

namespace {

using web::error_response;
using web::json_response;
using web::Response;

// A little longer than the active one tries.
constexpr Duration kAnswerTime = 12s;
constexpr std::string_view kCorrelation = "http.";

Api::Outcome at_once(Response response) {
    return {.response = std::move(response)};
}

// The body of a POST with what its path says: `{"type": ..., <members>, "room": ...}`, to be read
// like a message of the app.
std::optional<std::string> command_json(std::string_view type, std::string_view body,
                                        const std::vector<web::Query::value_type>& from_path) {
    const auto document = JsonDocument::parse(body.empty() ? "{}" : body);
    if (!document || !document->root().is_object()) return std::nullopt;
    const std::string members = document->root().dump();
    JsonWriter json;
    json.object().text("type", type);
    for (const auto& [name, value] : from_path) json.text(name, value);
    std::string text = json.end_object().take();
    if (members.size() <= 2) return text;
    text.back() = ',';
    return text + members.substr(1);
}

// REQUIRES: the path is that of a drain or an undrain.
Log asked_for(const web::Request& request, const Path& path) {
    const std::string who = request.user.empty() ? "an admin key" : request.user;
    return {Level::Info, path[3] + " was asked for by " + who, "", path[2]};
}

}  // namespace

Api::Outcome Api::on_request(Instant now, RequestId id, const web::Request& request,
                             const RouterService& core, const ScaleSignal& scale,
                             Dashboard& dashboard) {
    Outcome outcome = route(now, id, request, core, scale, dashboard);
    if (outcome.response) ++responses_[outcome.response->status];
    return outcome;
}

Api::Outcome Api::route(Instant now, RequestId id, const web::Request& request,
                        const RouterService& core, const ScaleSignal& scale, Dashboard& dashboard) {
    const auto segments = web::segments(request.path);
    if (!segments) return at_once(error_response(400, "the path is not well encoded"));
    const Path& path = *segments;
    const bool get = request.method == "GET" || request.method == "HEAD";
    if (get && matches(path, {"healthz"})) return at_once(json_response(200, R"({"ok":true})"));
    if (get && matches(path, {"readyz"})) {
        const bool ready = core.is_connected() && core.is_whole() && !stopping_;
        if (ready) return at_once(json_response(200, R"({"ready":true})"));
        return at_once(error_response(
            503, core.is_connected() ? "not every server was heard" : "the broker is away"));
    }
    if (auto no = refusal(request)) return at_once(std::move(*no));
    if (get) {
        auto seen = view(now, request, path, core, scale, dashboard);
        if (seen) return at_once(std::move(*seen));
    }
    if (get && matches(path, {"v1", "peers"})) return find_peers(now, id, request, core);
    if (get && matches(path, {"v1", "rooms", "*", "peers"})) {
        return ask(now, id, cluster::PeerFind{path[2], "", cluster::kPageMost}, 200, core);
    }
    if (get && matches(path, {"v1", "rooms", "*"})) {
        return ask(now, id, cluster::RoomGet{path[2]}, 200, core);
    }
    if (get && matches(path, {"v1", "rooms", "*", "why"})) {
        return ask(now, id, cluster::RoomWhy{path[2]}, 200, core);
    }
    if (request.method == "DELETE" && matches(path, {"v1", "rooms", "*"})) {
        return ask(now, id, cluster::RoomClose{path[2]}, 204, core);
    }
    if (request.method == "DELETE" && matches(path, {"v1", "rooms", "*", "peers", "*"})) {
        return ask(now, id, cluster::PeerKick{path[2], path[4], ""}, 204, core);
    }
    if (request.method == "POST") {
        Outcome outcome = ask_body(now, id, request, path, core);
        const bool drains = outcome.command && path[1] == "servers";
        if (drains) dashboard.on_log(now, asked_for(request, path));
        return outcome;
    }
    return at_once(error_response(404, "there is nothing at " + request.path));
}

// Who shows the key may, and whoever a trusted proxy speaks for. That header from anybody else is
// an attempt, and not overlooked.
std::optional<Response> Api::refusal(const web::Request& request) const {
    if (request.user.empty()) return gate_.refusal(request);
    if (!proxies_.contains(request.remote)) {
        return error_response(403, "only a trusted proxy may say who asks");
    }
    // The proxy knows a browser by its cookie, which a form on another site's page sends as well;
    // such a form can not send JSON.
    if (request.method == "POST" && !request.content_type.starts_with("application/json")) {
        return error_response(403, "a change wants Content-Type: application/json");
    }
    return std::nullopt;
}

Api::Outcome Api::ask_body(Instant now, RequestId id, const web::Request& request, const Path& path,
                           const RouterService& core) {
    std::optional<std::string> json;
    uint16_t success = 200;
    if (matches(path, {"v1", "rooms"})) {
        json = command_json("room.create", request.body, {});
        success = 201;
    } else if (matches(path, {"v1", "rooms", "*", "peers"})) {
        json = command_json("peer.add", request.body, {{"room", path[2]}});
        success = 201;
    } else if (matches(path, {"v1", "rooms", "*", "peers", "*", "mute"})) {
        json = command_json("peer.mute", request.body, {{"room", path[2]}, {"peer", path[4]}});
        success = 204;
    } else if (matches(path, {"v1", "servers", "*", "drain"})) {
        json = command_json("server.drain", request.body, {{"server", path[2]}});
        success = 202;
    } else if (matches(path, {"v1", "servers", "*", "undrain"})) {
        json = command_json("server.undrain", request.body, {{"server", path[2]}});
        success = 202;
    } else {
        return at_once(error_response(404, "there is nothing at " + request.path));
    }
    if (!json) return at_once(error_response(400, "the body is not a JSON object"));
    const auto command = cluster::parse_command(*json);
    if (!command) return at_once(error_response(400, command.error()));
    return ask(now, id, *command, success, core);
}

Api::Outcome Api::ask(Instant now, RequestId id, const cluster::Command& command, uint16_t success,
                      const RouterService& core) {
    if (!core.is_connected()) return at_once(error_response(503, "the broker is away"));
    waiting_.emplace(++last_, Waiting{id, now + kAnswerTime, success});
    return {.command = cluster::Publish{
                .exchange = std::string(cluster::kCommands),
                .key = std::string(cluster::kRoomsKey),
                .body = cluster::write(command),
                .reply_to = std::string(cluster::kReplyTo),
                .correlation_id = std::string(kCorrelation) + std::to_string(last_),
                .expiration = kAnswerTime}};
}

bool Api::on_delivery(const cluster::Delivery& delivery, std::optional<Answered>& answered) {
    std::optional<PeerSearch::Found> ended;
    if (search_.on_delivery(delivery, ended)) {
        if (ended) answered = this->answered(std::move(*ended));
        return true;
    }
    if (!delivery.correlation_id.starts_with(kCorrelation)) return false;
    if (delivery.queue == cluster::kRooms) return false;
    const std::string_view text = std::string_view(delivery.correlation_id).substr(5);
    uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    const auto found = waiting_.find(number);
    if (found == waiting_.end()) return true;
    const Waiting waiting = found->second;
    waiting_.erase(found);
    const auto answer = cluster::parse_answer(delivery.body);
    if (!answer) {
        answered = {waiting.request, count(error_response(502, "the answer is not readable"))};
    } else if (answer->refusal) {
        answered = {waiting.request,
                    count(error_response(answer->refusal->code, answer->refusal->reason))};
    } else if (waiting.success == 204) {
        answered = {waiting.request, count({.status = 204})};
    } else {
        answered = {waiting.request, count(json_response(waiting.success, answer->data))};
    }
    return true;
}

std::vector<Api::Answered> Api::on_deadline(Instant now) {
    std::vector<Answered> late;
    for (auto& found : search_.on_deadline(now)) late.push_back(answered(std::move(found)));
    while (!waiting_.empty() && waiting_.begin()->second.until <= now) {
        late.push_back({waiting_.begin()->second.request,
                        count(error_response(504, "nobody answered in time"))});
        waiting_.erase(waiting_.begin());
    }
    return late;
}

std::vector<Api::Answered> Api::on_disconnected() {
    std::vector<Answered> lost;
    for (auto& found : search_.on_disconnected()) lost.push_back(answered(std::move(found)));
    for (const auto& [number, waiting] : std::exchange(waiting_, {})) {
        lost.push_back({waiting.request, count(error_response(503, "the broker is away"))});
    }
    return lost;
}

Instant Api::next_deadline() const {
    const Instant asked = waiting_.empty() ? Instant::never() : waiting_.begin()->second.until;
    return std::min(asked, search_.next_deadline());
}

Response Api::count(Response response) {
    ++responses_[response.status];
    return response;
}

}  // namespace parley::router_service
