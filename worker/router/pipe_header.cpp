#include "worker/router/pipe_header.h"

#include <array>

#include "worker/rtcp/application.h"

namespace parley::router {

namespace {

constexpr uint32_t kName = 0x50495045;  // "PIPE"
constexpr uint8_t kSubtype = 0;

}  // namespace

void write_pipe_header(base::ByteWriter& out, uint32_t ssrc, const PipeHeader& header) {
    std::array<uint8_t, 8> room;
    base::ByteWriter data(room);
    data.u16(header.version);
    data.u16(0);
    data.u32(header.capabilities);
    rtcp::write_application(out, {kSubtype, ssrc, kName, room});
}

std::optional<PipeHeader> parse_pipe_header(const rtcp::RtcpView& packet) {
    const auto application = rtcp::parse_application(packet);
    if (!application || application->name != kName || application->subtype != kSubtype) {
        return std::nullopt;
    }
    base::ByteReader in(application->data);
    const uint16_t version = in.u16();
    in.skip(2);
    const uint32_t capabilities = in.u32();
    if (!in.ok() || version == 0) return std::nullopt;
    return PipeHeader{version, capabilities};
}

}  // namespace parley::router
