#include "worker/rtcp/nack.h"

#include "worker/rtcp/feedback.h"
#include "worker/rtcp/packet_writer.h"

namespace parley::rtcp {

std::optional<Nack> parse_nack(const RtcpView& packet) {
    const auto feedback = parse_feedback(packet);
    if (!feedback || feedback->type != kTransportFeedback || feedback->format != kGenericNack) {
        return std::nullopt;
    }
    const base::Bytes items = feedback->control_information;
    if (items.empty() || items.size() % 4 != 0) return std::nullopt;
    return Nack{feedback->sender_ssrc, feedback->media_ssrc, NackList(items)};
}

void write_nack(base::ByteWriter& out, uint32_t sender_ssrc, uint32_t media_ssrc,
                std::span<const uint16_t> missing) {
    PacketWriter packet(out, kTransportFeedback, kGenericNack);
    out.u32(sender_ssrc);
    out.u32(media_ssrc);
    for (size_t i = 0; i < missing.size();) {
        const uint16_t first = missing[i++];
        uint16_t mask = 0;
        for (; i < missing.size(); ++i) {
            const auto after = static_cast<uint16_t>(missing[i] - first);
            if (after == 0 || after > 16) break;
            mask = static_cast<uint16_t>(mask | 1u << (after - 1));
        }
        out.u16(first);
        out.u16(mask);
    }
    packet.finish();
}

}  // namespace parley::rtcp
