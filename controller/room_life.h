#pragma once

#include <string_view>

#include "controller/house.h"

// How rooms come and go.
namespace parley::controller {

// REQUIRES: no room has this id. Without a trace it begins one. Limit when there are enough rooms,
// Unavailable without a worker.
Result<Room*> open_room(Turn& turn, std::string_view id, const RoomOptions& options,
                        cluster::Epoch epoch = 1, std::string_view trace = {});

// Closes the room with all its peers. It is gone on return.
void shut_room(Turn& turn, Room& room, uint16_t code, std::string_view reason);

// Closes the room if it is still empty: its time has come.
void on_empty_timeout(Turn& turn, base::Handle<Room> room);
// Starts that time when the room is empty.
void await_peers(Turn& turn, const base::Handle<Room>& handle);

// Has the workers keep what has changed of a room, for the next controller.
void keep_app_data(Turn& turn, const Room& room);

// Servers whose workers carry a part of the room, one for each such worker.
std::vector<std::string> lenders_of(const House& house, const Room& room);

std::vector<RouterInfo> router_infos(const House& house, const Room& room);
RoomInfo room_info(const House& house, const Room& room);

}  // namespace parley::controller
