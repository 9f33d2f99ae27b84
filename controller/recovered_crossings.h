#pragma once

#include <span>

#include "controller/house.h"

// The part of recovery that joins workers: pipes, and the voices in them, go on as they are.
namespace parley::controller {

// Keeps each pipe that both its workers know and are connected to each other by.
void recover_pipes(Turn& turn, std::span<const Found> found);

// Keeps each voice that leaves by such a pipe and comes out of it, and closes ends without another.
// After all producers are known. Nobody's ear is counted yet.
void recover_crossings(Turn& turn, std::span<const Found> found);

}  // namespace parley::controller
