#include <map>

#include "common/cluster/codec.h"
#include "common/cluster/trace.h"
#include "controller/api/call.h"
#include "controller/views.h"

// /v1/rooms and /v1/rooms/{room}.
namespace parley::controller::api {

namespace {

// A room of this server, or of another.
struct Listed {
    std::string id;
    std::optional<RoomInfo> here;
    std::optional<cluster::RoomPlace> away;
};

struct RoomRequest {
    std::string id;
    RoomOptions options;
};

base::Result<RoomRequest, Response> read_room(Json body, const RoomOptions& defaults) {
    JsonFields fields(body, "room");
    fields.only({"room", "options"});
    RoomRequest wanted{.id = {}, .options = defaults};
    wanted.id = fields.text_or("room", 64, "");
    const Json options = fields.object_or_nothing("options");
    if (!wanted.id.empty() && !is_id(wanted.id)) {
        fields.fail("room", "1 to 64 characters of A-Z a-z 0-9 _ . : -");
    }
    if (!fields.ok()) return base::Err{error_response(400, fields.error())};
    if (!options.present()) return wanted;
    auto read = cluster::read_room_options(options, defaults);
    if (!read) return base::Err{error_response(400, read.error())};
    wanted.options = std::move(*read);
    return wanted;
}

Response room_response(uint16_t status, const RoomInfo& room) {
    JsonWriter json;
    write_room(json, room);
    return json_response(status, json.take());
}

}  // namespace

Response Api::list_rooms(Call& call) {
    const auto page = page_of(call.request.query);
    if (!page) return page.error();
    std::map<std::string, Listed> known;
    for (RoomInfo& room : call.controller.rooms()) {
        std::string id = room.id;
        known.emplace(id, Listed{id, std::move(room), {}});
    }
    // One more than the page holds: whether there is another.
    if (call.others) {
        for (cluster::RoomPlace& place : call.others->rooms(page->after, page->limit + 1)) {
            std::string id = place.room;
            known.emplace(id, Listed{id, {}, std::move(place)});
        }
    }
    std::vector<Listed> all;
    for (auto& [id, room] : known) all.push_back(std::move(room));
    const auto [rooms, next] = paged(std::move(all), *page);
    JsonWriter json;
    json.object().key("rooms").array();
    for (const Listed& room : rooms) {
        if (room.here) write_room_summary(json, *room.here, room.here->peers.size());
        if (room.away) write_room_away(json, *room.away);
    }
    json.end_array().key("next");
    next.empty() ? json.null() : json.text(next);
    json.end_object();
    return json_response(200, json.take());
}

Response Api::create_room(Call& call) {
    auto wanted = read_room(call.body(), options_.room);
    if (!wanted) return wanted.error();
    if (wanted->id.empty()) wanted->id = new_id();
    const bool elsewhere = call.others && call.others->find(wanted->id);
    const cluster::RoomCreate command{wanted->id, wanted->options};
    if (auto answer = away(call, wanted->id, command, elsewhere ? 200 : 201)) return *answer;
    const bool existed = call.controller.room(wanted->id).ok();
    const auto trace = cluster::trace_id(call.request.traceparent);
    const auto room =
        call.controller.create_room(call.now, wanted->id, wanted->options, call.out, trace);
    if (!room) return error_response(room.error());
    Response response = room_response(existed ? 200 : 201, *room);
    response.headers.emplace_back("Location", "/v1/rooms/" + room->id);
    return response;
}

Response Api::get_room(Call& call) {
    const std::string& id = call.arguments[0];
    if (auto answer = away(call, id, cluster::RoomGet{id}, 200)) return *answer;
    const auto room = call.controller.room(id);
    return room ? room_response(200, *room) : error_response(room.error());
}

Response Api::close_room(Call& call) {
    const std::string& id = call.arguments[0];
    if (auto answer = away(call, id, cluster::RoomClose{id}, 204)) return *answer;
    const auto closed = call.controller.close_room(call.now, id, call.out);
    return closed ? Response{.status = 204} : error_response(closed.error());
}

// Why the room is where it is knows whoever gave it its home; on a server that stands alone there
// is no other place.
Response Api::explain_room(Call& call) {
    const std::string& id = call.arguments[0];
    if (call.others && call.others->can_be_asked() && is_id(id)) {
        call.ask = Ask{"", cluster::RoomWhy{id}, 200, call.request.traceparent};
        return {};
    }
    if (auto answer = away(call, id, cluster::RoomWhy{id}, 200)) return *answer;
    const auto room = call.controller.room(id);
    if (!room) return error_response(room.error());
    return json_response(200, explanation(*room, call.controller.routers(id), call.others));
}

}  // namespace parley::controller::api
