#include "common/cluster/codec.h"
#include "controller/api/call.h"
#include "controller/views.h"

// What is asked of a room that is not here.
namespace parley::controller::api {

namespace {

// RFC 3986 §2.3.
std::string encoded(std::string_view text) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
        }
    }
    return out;
}

// The same request at another server, whose signalling is at "ws://host:port/".
std::string url_at(std::string_view address, const Request& request) {
    std::string url = "http" + std::string(address.substr(address.find(':')));
    while (url.ends_with('/')) url.pop_back();
    const auto path = segments(request.path);
    for (const std::string& segment : *path) url += "/" + encoded(segment);
    char mark = '?';
    for (const auto& [name, value] : request.query) {
        url += std::exchange(mark, '&') + encoded(name) + "=" + encoded(value);
    }
    return url;
}

Response redirection(const Request& request, const Away& away) {
    Response response = error_response(307, "the room is at server " + away.place.home);
    response.headers.emplace_back("Location", url_at(away.address, request));
    return response;
}

std::optional<cluster::RoomPlace> place_in(const std::string& data) {
    const auto document = JsonDocument::parse(data, {.bytes = cluster::kAnswerBytes});
    auto place = cluster::read_room_place(document ? document->root() : Json());
    if (!place) return std::nullopt;
    return std::move(*place);
}

Response room_response(const Ask& ask, const cluster::RoomPlace& place,
                       const Controller& controller) {
    const auto here = controller.room(place.room);
    JsonWriter json;
    here ? write_room(json, *here) : write_room_away(json, place);
    Response response = json_response(ask.success, json.take());
    if (std::holds_alternative<cluster::RoomCreate>(ask.command)) {
        response.headers.emplace_back("Location", "/v1/rooms/" + place.room);
    }
    return response;
}

}  // namespace

void write_room_away(JsonWriter& json, const cluster::RoomPlace& place) {
    json.object()
        .text("id", place.room)
        .number("maxPeers", place.options.max_peers)
        .number("emptyTimeout", int64_t{place.options.empty_timeout / 1s})
        .raw("metadata", place.options.metadata)
        .text("region", place.options.region)
        .text("antiAffinity", place.options.anti_affinity)
        .text("created", time_text(place.created))
        .text("home", place.home)
        .text("signalling", place.signalling)
        .number("peerCount", place.peers)
        .end_object();
}

// Nothing when the room is here or can be nowhere else; else the answer, unless the call asks.
std::optional<Response> Api::away(Call& call, std::string_view room, cluster::Command command,
                                  uint16_t success) {
    if (!call.others || !is_id(room) || call.controller.epoch(room) != 0) return std::nullopt;
    const auto away = call.others->find(room);
    if (call.others->can_be_asked()) {
        call.ask = Ask{away ? away->place.home : "", std::move(command), success,
                       call.request.traceparent};
        return Response{};
    }
    if (away && !away->address.empty()) return redirection(call.request, *away);
    return error_response(503, "the broker is away, and the room is not here");
}

// What there is no command for, the client asks the home itself.
std::optional<Response> Api::redirect(Call& call, std::string_view room) {
    if (!call.others || call.controller.epoch(room) != 0) return std::nullopt;
    const auto away = call.others->find(room);
    if (!away || away->address.empty()) return std::nullopt;
    return redirection(call.request, *away);
}

Response Api::on_answer(const Ask& ask, const std::optional<cluster::Answer>& answer,
                        const Controller& controller) {
    const Response response = [&] {
        if (!answer) return error_response(503, "no answer in time");
        if (answer->refusal) return error_response(answer->refusal->code, answer->refusal->reason);
        if (answer->data == "null") return Response{.status = 204};
        const auto place = place_in(answer->data);
        if (place) return room_response(ask, *place, controller);
        return json_response(ask.success, answer->data);
    }();
    counts_.count_response(response.status);
    return response;
}

}  // namespace parley::controller::api
