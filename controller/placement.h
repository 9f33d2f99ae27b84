#pragma once

#include <optional>
#include <string>

#include "controller/house.h"

// Which worker has room for a room, or for one more peer of it.
namespace parley::controller {

// The running worker of ours with the least to carry; nothing when none runs.
std::optional<WorkerIndex> lightest_worker(const House& house, Instant now);

// Where one more peer of the room goes: to the first of the workers that carry the room already, or
// else to the lightest of the others; to those that are lent to us only when none of ours will do.
// It keeps its head-room for those whom it has; the workers that carry the room with it may give a
// part of theirs, for they have to take the new voice. Nothing when there is no such place.
std::optional<WorkerIndex> place_for(const House& house, Instant now, const Room& room,
                                     const Rights& rights);

// Counts a peer that goes to this worker, until it shows in the measurements. Call it before the
// room has the peer.
void promise_capacity(Turn& turn, const Room& room, const Rights& rights, WorkerIndex worker);

// Why a room that has this worker from now on was not in it before, for people. Call it before the
// room has the worker.
std::string reasons_for(const House& house, Instant now, const Room& room, WorkerIndex worker);

Capacity capacity_of(const House& house, Instant now);

}  // namespace parley::controller
