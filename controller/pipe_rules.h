#pragma once

#include "controller/house.h"

// Of the voices of a room that cross to another worker only the loudest have to get there, when all
// who listen there hear in slots. The worker that they are spoken into is told how many, and who
// crosses however quiet: one rule for each two workers that the room is in, each way.
namespace parley::controller {

// A voice of the room begins, or ceases, to cross from one worker to another. REQUIRES: for
// one_less(), that it has begun. Of a router that has gone meanwhile nothing is kept.
void one_leaves(Turn& turn, Room& room, WorkerIndex from, WorkerIndex to);
void one_less_leaves(Turn& turn, Room& room, WorkerIndex from, WorkerIndex to);
// As one_leaves(), of one that a controller before this one had cross: by what rule is not known.
void one_left_before(Turn& turn, Room& room, WorkerIndex from, WorkerIndex to);

// Who listens, or how, has changed: rules are settled when the turn ends.
void await_pipe_rules(Turn& turn, Room& room);
// Tells workers of all rules that have changed in this turn.
void settle_pipe_rules(Turn& turn);

}  // namespace parley::controller
