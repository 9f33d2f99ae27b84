#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "worker/rtcp/rtcp_view.h"

namespace parley::rtcp {

// The part that all feedback has in common. What the control information means depends on the
// type and the format: transport-wide congestion control is 205 and 15. RFC 4585 §6.1.
struct Feedback {
    uint8_t type;  // kTransportFeedback or kPayloadFeedback
    uint8_t format;
    uint32_t sender_ssrc;
    uint32_t media_ssrc;              // of the stream it is about; 0 when it is about many
    base::Bytes control_information;  // borrowed
};

// Nothing when the packet is of another type, or too short.
std::optional<Feedback> parse_feedback(const RtcpView& packet);

}  // namespace parley::rtcp
