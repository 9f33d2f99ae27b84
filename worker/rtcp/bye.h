#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/base/bytes.h"
#include "worker/rtcp/rtcp_view.h"

namespace parley::rtcp {

// Who leaves, and why if they say so. RFC 3550 §6.6.
struct Bye {
    SsrcList ssrcs;
    base::Bytes reason;  // text, borrowed; empty when there is none
};

// Nothing when the packet is of another type, or too short for what it counts.
std::optional<Bye> parse_bye(const RtcpView& packet);

// REQUIRES: at most kCountMax SSRCs.
void write_bye(base::ByteWriter& out, std::span<const uint32_t> ssrcs);

}  // namespace parley::rtcp
