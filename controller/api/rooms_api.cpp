#include "controller/api/call.h"
#include "controller/views.h"

// /v1/rooms and /v1/rooms/{room}.
namespace parley::controller::api {

namespace {

constexpr uint64_t kEmptyTimeoutMost = 7 * 24 * 3600;  // seconds
constexpr uint64_t kPeersMost = 10'000;
constexpr size_t kMetadataBytes = 4 * 1024;

struct RoomRequest {
    std::string id;
    RoomOptions options;
};

base::Result<RoomOptions, Response> read_options(Json json, RoomOptions options) {
    JsonFields fields(json, "options");
    fields.only({"maxPeers", "emptyTimeout", "metadata"});
    options.max_peers =
        static_cast<uint32_t>(fields.number_or("maxPeers", kPeersMost, options.max_peers));
    const auto timeout = static_cast<uint64_t>(options.empty_timeout / 1s);
    const uint64_t seconds = fields.number_or("emptyTimeout", kEmptyTimeoutMost, timeout);
    // A default of less than a second is kept, though it can not be asked for.
    if (seconds != timeout) options.empty_timeout = std::chrono::seconds(seconds);
    if (const Json metadata = json["metadata"]; metadata.present()) {
        options.metadata = metadata.dump();
        if (options.metadata.size() > kMetadataBytes) fields.fail("metadata", "at most 4 KiB");
    }
    if (!fields.ok()) return base::Err{error_response(400, fields.error())};
    return options;
}

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
    auto read = read_options(options, defaults);
    if (!read) return base::Err{read.error()};
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
    const auto [rooms, next] = paged(call.controller.rooms(), *page);
    JsonWriter json;
    json.object().key("rooms").array();
    for (const RoomInfo& room : rooms) write_room_summary(json, room, room.peers.size());
    json.end_array().key("next");
    next.empty() ? json.null() : json.text(next);
    json.end_object();
    return json_response(200, json.take());
}

Response Api::create_room(Call& call) {
    auto wanted = read_room(call.body(), options_.room);
    if (!wanted) return wanted.error();
    if (wanted->id.empty()) wanted->id = new_id();
    const bool existed = call.controller.room(wanted->id).ok();
    const auto room = call.controller.create_room(call.now, wanted->id, wanted->options, call.out);
    if (!room) return error_response(room.error());
    Response response = room_response(existed ? 200 : 201, *room);
    response.headers.emplace_back("Location", "/v1/rooms/" + room->id);
    return response;
}

Response Api::get_room(Call& call) {
    const auto room = call.controller.room(call.arguments[0]);
    return room ? room_response(200, *room) : error_response(room.error());
}

Response Api::close_room(Call& call) {
    const auto closed = call.controller.close_room(call.now, call.arguments[0], call.out);
    return closed ? Response{.status = 204} : error_response(closed.error());
}

}  // namespace parley::controller::api
