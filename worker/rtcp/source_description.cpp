#include "worker/rtcp/source_description.h"

#include "common/base/ensure.h"
#include "worker/rtcp/packet_writer.h"

namespace parley::rtcp {

namespace {

constexpr uint8_t kEnd = 0;
constexpr uint8_t kCname = 1;

}  // namespace

std::optional<SdesChunk> parse_sdes_chunk(base::ByteReader& in) {
    const size_t begin = in.size();
    SdesChunk chunk{in.u32(), {}};
    for (uint8_t item = in.u8(); item != kEnd; item = in.u8()) {
        const base::Bytes text = in.take(in.u8());
        if (item == kCname) chunk.cname = text;
    }
    // The next chunk begins at a whole word; a reader that failed reads an end, and fails again.
    in.skip((4 - (begin - in.size()) % 4) % 4);
    if (!in.ok()) return std::nullopt;
    return chunk;
}

void write_sdes_cname(base::ByteWriter& out, uint32_t ssrc, std::string_view cname) {
    ENSURE(cname.size() <= 255);
    PacketWriter packet(out, kSourceDescription, 1);
    out.u32(ssrc);
    out.u8(kCname);
    out.u8(static_cast<uint8_t>(cname.size()));
    out.put(base::as_bytes(cname));
    out.u8(kEnd);
    packet.finish();
}

}  // namespace parley::rtcp
