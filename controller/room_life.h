#pragma once

#include <optional>
#include <string_view>

#include "controller/house.h"

// How rooms come, go, and find a worker.
namespace parley::controller {

// The running worker with the least to carry; nothing when none runs.
std::optional<WorkerIndex> lightest_worker(const House& house, Instant now);

// Whether the room's worker can carry one more peer, and still has head-room for those whom it
// carries already. True while no worker carries the room: there is nobody to disturb.
bool has_capacity(const House& house, Instant now, const Room& room, const Rights& rights);
// Counts a peer that was let in, until it shows in the measurements.
void promise_capacity(Turn& turn, const Room& room, const Rights& rights);

Capacity capacity_of(const House& house, Instant now);

// REQUIRES: no room has this id. Limit when there are enough rooms, Unavailable without a worker.
Result<Room*> open_room(Turn& turn, std::string_view id, const RoomOptions& options,
                        cluster::Epoch epoch = 1);

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
