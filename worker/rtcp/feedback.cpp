#include "worker/rtcp/feedback.h"

namespace parley::rtcp {

std::optional<Feedback> parse_feedback(const RtcpView& packet) {
    if (packet.type != kTransportFeedback && packet.type != kPayloadFeedback) return std::nullopt;
    base::ByteReader in(packet.body);
    Feedback feedback{packet.type, packet.count, in.u32(), in.u32(), {}};
    feedback.control_information = in.rest();
    if (!in.ok()) return std::nullopt;
    return feedback;
}

}  // namespace parley::rtcp
