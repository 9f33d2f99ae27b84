#pragma once

#include "controller/house.h"

// Who speaks: from what the workers measure to what clients and listeners of events are told.
namespace parley::controller {

void on_volumes(Turn& turn, const workers::Volumes& volumes);
void on_dominant_speaker(Turn& turn, const workers::DominantSpeaker& dominant);

// The peer is no longer heard of.
void forget_speaker(Turn& turn, Room& room, const Member& member);
// Says anew who talks, after a router with some of those who did has gone.
void settle_speakers(Turn& turn, Room& room);

}  // namespace parley::controller
