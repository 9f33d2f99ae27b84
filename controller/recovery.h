#pragma once

#include "controller/house.h"

// After a crash of the controller before this one: rooms and peers made whole again from what the
// workers kept, while nobody in the rooms hears a thing.
namespace parley::controller {

// Takes over what a worker carries. What is not ours, or is another worker's already, is closed.
void recover(Turn& turn, WorkerIndex worker, const workers::Snapshot& snapshot);

}  // namespace parley::controller
