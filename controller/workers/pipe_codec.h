#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "controller/workers/messages.h"

namespace parley::controller::workers {

// What we speak, whatever a worker does.
PipeVersion pipe_version();

// One frame with these requests in their order, without its size prefix.
std::vector<uint8_t> write_requests(std::span<const Request> requests);

// What a worker said. Nothing when the bytes are not a frame, or unpack to more than they can
// honestly hold. `bytes` are borrowed and 8-byte aligned.
std::optional<Frame> parse_frame(std::span<const uint8_t> bytes);

}  // namespace parley::controller::workers
