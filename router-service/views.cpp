#include "router-service/views.h"

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

std::string room_list(const Picture& picture, const cluster::RoomList& wanted) {
    // One more than asked for tells whether there is another page.
    const auto rooms = picture.rooms().page(wanted.after, size_t{wanted.limit} + 1);
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
        const Server& server = picture.servers()[at];
        cluster::write(json, cluster::ServerPlace{.server = server.id,
                                                  .region = server.region,
                                                  .version = server.version,
                                                  .signalling = server.signalling,
                                                  .state = server.state,
                                                  .load = server.load,
                                                  .rooms = server.rooms});
    }
    return json.end_array().end_object().take();
}

std::string room_why(const Picture& picture, const Decisions& decisions, RoomIndex at) {
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
        json.text("reasons", decision->reasons);
        if (!decision->before.empty()) json.text("lostHome", decision->before);
    } else {
        json.text("reasons", "its home says so; it was not decided here, or too long ago");
    }
    return json.end_object().take();
}

}  // namespace parley::router_service
