#include "worker/rtcp/bye.h"

#include "worker/rtcp/packet_writer.h"

namespace parley::rtcp {

std::optional<Bye> parse_bye(const RtcpView& packet) {
    if (packet.type != kBye) return std::nullopt;
    base::ByteReader in(packet.body);
    const SsrcList ssrcs(in.take(4u * packet.count));
    const base::Bytes reason = in.empty() ? base::Bytes{} : in.take(in.u8());
    if (!in.ok()) return std::nullopt;
    return Bye{ssrcs, reason};
}

void write_bye(base::ByteWriter& out, std::span<const uint32_t> ssrcs) {
    PacketWriter packet(out, kBye, ssrcs.size());
    for (const uint32_t ssrc : ssrcs) out.u32(ssrc);
    packet.finish();
}

}  // namespace parley::rtcp
