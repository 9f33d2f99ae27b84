#pragma once

#include <string>
#include <string_view>

#include "common/cluster/messages.h"
#include "router-service/decisions.h"
#include "router-service/picture.h"

// How the picture looks as JSON: the data of answers. docs/asyncapi.yaml has each as a schema.
namespace parley::router_service {

// The room as its home last said.
cluster::RoomPlace place_of(const Picture& picture, const Room& room);

cluster::ServerPlace place_of(const Server& server);

// Of the rooms whose ids begin so.
std::string room_list(const Picture& picture, const cluster::RoomList& wanted,
                      std::string_view beginning = {});
std::string server_list(const Picture& picture);

// How one server stands: ServerPlace with what only its own page needs, its largest rooms and those
// that it lends workers to.
std::string server_view(Instant now, const Picture& picture, ServerIndex server);

// Where the room is and why: the latest decision if it is remembered here, else that its home says
// so. REQUIRES: the room is there.
std::string room_why(const Picture& picture, const Decisions& decisions, RoomIndex room,
                     std::string_view said_by_home);

}  // namespace parley::router_service
