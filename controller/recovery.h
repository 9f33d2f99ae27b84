#pragma once

#include "controller/house.h"

// After a crash of the controller before this one: rooms and peers made whole again from what the
// workers kept, while nobody in the rooms hears a thing.
namespace parley::controller {

// Takes over what was found in the workers, once all of them have been heard of: a room may be in
// several. What is not ours, or leads nowhere, is closed.
void recover(Turn& turn);

}  // namespace parley::controller
