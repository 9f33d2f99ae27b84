#include "worker/rtcp/application.h"

#include "worker/rtcp/packet_writer.h"

namespace parley::rtcp {

std::optional<Application> parse_application(const RtcpView& packet) {
    if (packet.type != kApplication) return std::nullopt;
    base::ByteReader in(packet.body);
    Application application{packet.count, in.u32(), in.u32(), {}};
    application.data = in.rest();
    if (!in.ok()) return std::nullopt;
    return application;
}

void write_application(base::ByteWriter& out, const Application& application) {
    PacketWriter packet(out, kApplication, application.subtype);
    out.u32(application.ssrc);
    out.u32(application.name);
    out.put(application.data);
    packet.finish();
}

}  // namespace parley::rtcp
