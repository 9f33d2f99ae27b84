#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/bytes.h"
#include "worker/rtcp/rtcp_view.h"

namespace parley::rtcp {

// What one chunk says of a source. RFC 3550 §6.5.
struct SdesChunk {
    uint32_t ssrc;
    base::Bytes cname;  // borrowed; empty when the chunk has none. RFC 3550 §6.5.1
};

// Takes one chunk off the body of a kSourceDescription packet, which has `count` of them. Nothing,
// and a failed reader, when an item reaches past the end or the chunk is not ended.
std::optional<SdesChunk> parse_sdes_chunk(base::ByteReader& in);

// Writes a packet with one chunk and one item. REQUIRES: at most 255 bytes of CNAME.
void write_sdes_cname(base::ByteWriter& out, uint32_t ssrc, std::string_view cname);

}  // namespace parley::rtcp
