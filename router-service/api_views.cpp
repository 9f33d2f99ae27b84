#include <charconv>
#include <utility>

#include "common/cluster/codec.h"
#include "router-service/api.h"
#include "router-service/api_path.h"
#include "router-service/views.h"

// What either replica answers without asking the active one.
namespace parley::router_service {

namespace {

using web::error_response;
using web::json_response;
using web::Response;

// "?after=ID&limit=N&beginning=TEXT".
Response page_of_rooms(const web::Request& request, const Picture& picture) {
    const auto text = [&](std::string_view name) {
        return web::find(request.query, name).value_or("");
    };
    cluster::RoomList wanted{.after = std::string(text("after"))};
    const std::string_view limit = web::find(request.query, "limit").value_or("100");
    const auto [end, error] =
        std::from_chars(limit.data(), limit.data() + limit.size(), wanted.limit);
    const bool whole = error == std::errc() && end == limit.data() + limit.size();
    if (!whole || wanted.limit == 0 || wanted.limit > cluster::kPageMost) {
        return error_response(400, "limit is 1 to 1000");
    }
    return json_response(200, room_list(picture, wanted, text("beginning")));
}

}  // namespace

// What this replica knows by itself.
std::optional<Response> Api::view(Instant now, const web::Request& request, const Path& path,
                                  const RouterService& core, const ScaleSignal& scale,
                                  Dashboard& dashboard) {
    if (matches(path, {"metrics"})) {
        return Response{.status = 200,
                        .content_type = "text/plain; version=0.0.4",
                        .body = metrics_text(core, scale, around_, responses_)};
    }
    if (matches(path, {"v1", "fleet"})) {
        const std::string_view since = web::find(request.query, "since").value_or("");
        return json_response(200, dashboard.answer(now, since, core, scale));
    }
    if (matches(path, {"v1", "scale"})) {
        if (!scale.known) return error_response(503, "not every server was heard");
        return json_response(200, scale_json(scale));
    }
    if (matches(path, {"v1", "servers"})) return json_response(200, server_list(core.picture()));
    if (matches(path, {"v1", "servers", "*"})) {
        const auto server = core.picture().servers().find(path[2]);
        if (!server) return error_response(404, "no such server");
        return json_response(200, server_view(now, core.picture(), *server));
    }
    if (matches(path, {"v1", "rooms"})) return page_of_rooms(request, core.picture());
    return std::nullopt;
}

Api::Outcome Api::find_peers(Instant now, RequestId id, const web::Request& request,
                             const RouterService& core) {
    const std::string_view peer = web::find(request.query, "peer").value_or("");
    if (peer.empty() || peer.size() > cluster::kNameBytes) {
        return {.response = error_response(400, "peer is an id, or a part of a name")};
    }
    if (!core.is_connected()) return {.response = error_response(503, "the broker is away")};
    auto questions = search_.on_search(now, id, peer, core.picture().servers());
    if (!questions) return {.response = error_response(503, "enough is being searched for")};
    if (questions->empty()) {
        return {.response = json_response(200, R"({"peers":[],"asked":0,"silent":0})")};
    }
    return {.questions = std::move(*questions)};
}

Api::Answered Api::answered(PeerSearch::Found found) {
    return {found.request, count(json_response(200, std::move(found.json)))};
}

}  // namespace parley::router_service
