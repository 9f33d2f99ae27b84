#pragma once

#include <string_view>

#include "controller/house.h"

// What administrators ask, whichever door they come through.
namespace parley::controller {

// A room that is there already is taken into the epoch, if that is higher.
Result<RoomInfo> create_room(Turn& turn, std::string_view room, const RoomOptions& options,
                             cluster::Epoch epoch, std::string_view trace);
// Closes the room, and its peers are told to join anew: somebody else has it.
Result<base::Unit> release_room(Turn& turn, std::string_view room);
Result<base::Unit> close_room(Turn& turn, std::string_view room);
Result<base::Unit> kick(Turn& turn, std::string_view room, std::string_view peer,
                        std::string_view reason);
// Muting holds for all that the peer sends, now and later. The client may not undo it.
Result<base::Unit> mute(Turn& turn, std::string_view room, std::string_view peer, bool muted);

// Says to the client of a muted peer, and to the world, that this producer is silenced (or, when
// the peer is no longer muted, that it is not).
void tell_muted(Turn& turn, Room& room, Member& member, uint64_t producer);

}  // namespace parley::controller
