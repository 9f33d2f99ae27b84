#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/base/bytes.h"
#include "controller/control/messages.h"

// Messages of the control socket to frames, without their size prefix, and back. Nothing is read
// before the whole frame is verified; a frame that is not one, or says what no version says, is
// nullopt. Frames that are read must be 8-byte aligned.
namespace parley::controller::control {

std::vector<uint8_t> write_requests(std::span<const Request> requests);
std::optional<std::vector<Request>> parse_requests(base::Bytes frame);

std::vector<uint8_t> write_replies(std::span<const Reply> replies);
std::optional<std::vector<Reply>> parse_replies(base::Bytes frame);

}  // namespace parley::controller::control
