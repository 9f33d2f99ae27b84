#include "router-service/views.h"

#include <algorithm>

#include "common/cluster/codec.h"
#include "common/cluster/timestamps.h"
#include "common/json/json.h"

namespace parley::router_service {

cluster::RoomPlace place_of(const Picture& picture, const Room& room) {
    const Server& home = picture.home_of(room);
    return {.room = room.id,
            .home = home.id,
            .epoch = room.epoch,
            .signalling = home.signalling,
            .peers = room.peers,
            .created = room.created,
            .options = picture.rooms().options(room)};
}

cluster::ServerPlace place_of(const Server& server) {
    return {.server = server.id,
            .region = server.region,
            .version = server.version,
            .signalling = server.signalling,
            .state = server.state,
            .load = server.load,
            .rooms = server.rooms};
}

std::string room_list(const Picture& picture, const cluster::RoomList& wanted,
                      std::string_view beginning) {
    // One more than asked for tells whether there is another page.
    const auto rooms = picture.rooms().page(wanted.after, size_t{wanted.limit} + 1, beginning);
    const bool more = rooms.size() > wanted.limit;
    const size_t count = more ? wanted.limit : rooms.size();
    JsonWriter json;
    json.object().key("rooms").array();
    for (size_t at = 0; at < count; ++at) {
        cluster::write(json, place_of(picture, picture.rooms()[rooms[at]]));
    }
    json.end_array().key("next");
    if (more) {
        json.text(picture.rooms()[rooms[count - 1]].id);
    } else {
        json.null();
    }
    return json.end_object().take();
}

std::string server_list(const Picture& picture) {
    JsonWriter json;
    json.object().key("servers").array();
    for (const ServerIndex at : picture.servers().all()) {
        cluster::write(json, place_of(picture.servers()[at]));
    }
    return json.end_array().end_object().take();
}

namespace {

constexpr size_t kLargestMost = 25;

void write_room(JsonWriter& json, const Picture& picture, RoomIndex at) {
    const Room& room = picture.rooms()[at];
    json.object().text("room", room.id).number("peers", room.peers);
    json.text("home", picture.home_of(room).id).key("overflow").array();
    const auto& overflow = picture.rooms().overflow();
    if (const auto found = overflow.find(at); found != overflow.end()) {
        for (const std::string& lender : found->second) json.text(lender);
    }
    json.end_array().end_object();
}

std::vector<RoomIndex> largest_rooms(const Picture& picture, ServerIndex server) {
    const auto all = picture.rooms().rooms_of(server);
    std::vector<RoomIndex> rooms(std::min(kLargestMost, all.size()));
    std::ranges::partial_sort_copy(all, rooms, [&](RoomIndex a, RoomIndex b) {
        const Room& one = picture.rooms()[a];
        const Room& other = picture.rooms()[b];
        return one.peers != other.peers ? one.peers > other.peers : one.id < other.id;
    });
    return rooms;
}

}  // namespace

std::string server_view(Instant now, const Picture& picture, ServerIndex at) {
    const Server& server = picture.servers()[at];
    JsonWriter json;
    json.object().key("server");
    cluster::write(json, place_of(server));
    json.text("standing", standing_text(server.standing))
        .real("predicted", server.predicted_load())
        .number("heardMs", int64_t{(now - server.heard) / 1ms});
    if (!server.drain_by.is_never()) {
        json.number("drainLeftMs", std::max<int64_t>(0, (server.drain_by - now) / 1ms));
    }
    json.key("largest").array();
    for (const RoomIndex room : largest_rooms(picture, at)) write_room(json, picture, room);
    json.end_array().key("lends").array();
    size_t lent = 0;
    for (const auto& [room, lenders] : picture.rooms().overflow()) {
        if (std::ranges::find(lenders, server.id) == lenders.end()) continue;
        if (++lent <= kLargestMost) write_room(json, picture, room);
    }
    return json.end_array().number("lendsTo", uint64_t{lent}).end_object().take();
}

std::string room_why(const Picture& picture, const Decisions& decisions, RoomIndex at,
                     std::string_view said_by_home) {
    const Room& room = picture.rooms()[at];
    const Server& home = picture.home_of(room);
    const DecisionRecord* decision = decisions.find(picture.rooms().hash(room.id));
    const bool decided = decision && decision->server == home.id && decision->epoch == room.epoch;
    JsonWriter json;
    json.object()
        .text("room", room.id)
        .text("home", home.id)
        .number("epoch", room.epoch)
        .text("standing", standing_text(home.standing))
        .flag("homeless", picture.is_homeless(room.id));
    if (decided) {
        json.text("decided", cluster::write_timestamp(decision->at));
        json.text("reasons", decision->reasons).text("decisionTrace", decision->trace);
        if (!decision->before.empty()) json.text("lostHome", decision->before);
    } else {
        json.text("reasons", "its home says so; it was not decided here, or too long ago");
    }
    const auto home_says = JsonDocument::parse(said_by_home, {.bytes = cluster::kAnswerBytes});
    for (const char* name : {"trace", "workers"}) {
        const Json member = home_says ? home_says->root()[name] : Json();
        if (member.present()) json.raw(name, member.dump());
    }
    return json.end_object().take();
}

}  // namespace parley::router_service
