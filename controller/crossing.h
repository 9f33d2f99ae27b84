#pragma once

#include "controller/house.h"

// Voices that are heard in other workers than the one they are spoken into: each crosses once to
// each worker where it is heard, and for as long as it is. It leaves by a consumer in its own
// worker; when that is there, it comes out as a producer in the other, and is consumed there.
namespace parley::controller {

// One ear more in another worker of the room. False when no voice can go there now.
bool cross(Turn& turn, Room& room, Member& speaker, Producer& producer, WorkerIndex to);
// One ear less. With the last one the crossing ends.
void release_ear(Turn& turn, Room& room, Member& speaker, Producer& producer, WorkerIndex to);

// One of them pauses the voice, or wants it again: while all have paused it, it does not leave.
void pause_ear(Turn& turn, Member& speaker, Producer& producer, WorkerIndex to, bool paused);

// The producer goes: nothing of it crosses any more. Those who hear it are not told.
void close_crossings(Turn& turn, Room& room, Member& speaker, Producer& producer);
// What nobody hears crosses no longer.
void close_unheard(Turn& turn, Room& room, Member& speaker);
// As the speaker's producer is.
void pause_crossings(Turn& turn, Room& room, const Producer& producer, bool paused);

// The worker's answers. Stale ones are passed over; refusals end the crossing.
void on_left(Turn& turn, const workers::Pending& pending, const workers::Reply& reply);
void on_arrived(Turn& turn, const workers::Pending& pending, const workers::Reply& reply);

// The pipe is gone: nothing crosses between these two.
void end_crossings(Turn& turn, const workers::PipeEnds& ends);
// It may be tried again.
void cross_again(Turn& turn, const workers::PipeEnds& ends);

}  // namespace parley::controller
