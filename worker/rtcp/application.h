#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "worker/rtcp/rtcp_view.h"

namespace parley::rtcp {

// What only one application understands. RFC 3550 §6.7.
struct Application {
    uint8_t subtype;   // of five bits
    uint32_t ssrc;     // of who says it
    uint32_t name;     // four characters, the first in the highest byte
    base::Bytes data;  // whole words; borrowed
};

// Nothing when the packet is of another type, or too short.
std::optional<Application> parse_application(const RtcpView& packet);

// Pads the data with zeros to whole words. REQUIRES: subtype <= kCountMax.
void write_application(base::ByteWriter& out, const Application& packet);

}  // namespace parley::rtcp
