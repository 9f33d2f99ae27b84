#pragma once

#include <cstdint>
#include <vector>

namespace parley::router {

// Opaque bytes kept for the controller and handed back in a snapshot: how it knows again, after a
// crash of its own, what its objects mean. At most limits::kAppDataBytes.
using AppData = std::vector<uint8_t>;

}  // namespace parley::router
