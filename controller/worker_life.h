#pragma once

#include <span>
#include <string_view>

#include "controller/house.h"

// Workers that come, speak, and die, and what that means for their rooms.
namespace parley::controller {

void on_worker_frame(Turn& turn, WorkerIndex worker, std::span<const uint8_t> frame);
void on_worker_gone(Turn& turn, WorkerIndex worker, std::string_view reason);
void on_worker_deadlines(Turn& turn);

// Takes over what the workers carried before, once all have been heard of.
void recover_and_carry(Turn& turn);

// Lets those in who came before all workers had been heard of, or who wait for a loan.
void admit_held(Turn& turn);

}  // namespace parley::controller
