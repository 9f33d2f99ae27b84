#pragma once

#include "controller/house.h"

// Who speaks: from what the worker measures to what clients and listeners of events are told.
namespace parley::controller {

void on_volumes(Turn& turn, const workers::Volumes& volumes);
void on_dominant_speaker(Turn& turn, const workers::DominantSpeaker& dominant);

// The peer is no longer heard of.
void forget_speaker(Turn& turn, Room& room, const Member& member);
// All are silent until the next worker says otherwise.
void fall_silent(Turn& turn, Room& room);

}  // namespace parley::controller
