#pragma once

#include <string>

#include "controller/house.h"

namespace parley::controller {

// A finished dump, as a JSON object. REQUIRES: the room is there.
std::string write_dump(Instant now, const House& house, const Room& room, const Dump& dump);

}  // namespace parley::controller
