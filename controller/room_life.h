#pragma once

#include <optional>
#include <string_view>

#include "controller/house.h"

// How rooms come, go, and find a worker.
namespace parley::controller {

// The running worker with the least to carry; nothing when none runs.
std::optional<WorkerIndex> lightest_worker(const House& house);

// REQUIRES: no room has this id. Limit when there are enough rooms, Unavailable without a worker.
Result<Room*> open_room(Turn& turn, std::string_view id, const RoomOptions& options);

// Puts a room that no worker carries on the lightest one, if one runs. Peers whose transports died
// with the worker before are told so.
void carry(Turn& turn, Room& room);

// Has a worker measure levels, or find the dominant speaker, of a router; the observer's id.
uint64_t observe(Turn& turn, workers::WorkerLink& link, uint64_t router,
                 workers::ObserverKind kind);

// Closes the room with all its peers. It is gone on return.
void shut_room(Turn& turn, Room& room, uint16_t code, std::string_view reason);

// Closes the room if it is still empty: its time has come.
void on_empty_timeout(Turn& turn, base::Handle<Room> room);
// Starts that time when the room is empty.
void await_peers(Turn& turn, const base::Handle<Room>& handle);

RoomInfo room_info(const House& house, const Room& room);

}  // namespace parley::controller
