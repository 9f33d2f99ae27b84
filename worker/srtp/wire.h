#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/base/bytes.h"

namespace parley::srtp {

// What protection needs to know of an RTP packet. RFC 3550 §5.1, §5.3.1.
struct RtpHead {
    uint32_t ssrc;
    uint16_t sequence_number;
    size_t size;  // of header, CSRCs and extension: what stays readable
};

inline std::optional<RtpHead> parse_rtp_head(base::Bytes packet) {
    base::ByteReader in(packet);
    const uint8_t flags = in.u8();  // V(2) P(1) X(1) CC(4)
    in.skip(1);
    RtpHead head{};
    head.sequence_number = in.u16();
    in.skip(4);
    head.ssrc = in.u32();
    in.skip(4u * (flags & 0x0f));
    if ((flags & 0x10) != 0) {
        in.skip(2);
        in.skip(4u * in.u16());  // length counts 32-bit words after itself
    }
    head.size = packet.size() - in.size();
    if (!in.ok() || flags >> 6 != 2) return std::nullopt;
    return head;
}

// The first header of a compound and the SSRC of whoever sends it stay readable. RFC 3711 §3.4.
constexpr size_t kRtcpHeadSize = 8;

// The sender's SSRC.
inline std::optional<uint32_t> parse_rtcp_ssrc(base::Bytes packet) {
    base::ByteReader in(packet);
    const uint8_t flags = in.u8();
    in.skip(3);
    const uint32_t ssrc = in.u32();
    if (!in.ok() || flags >> 6 != 2) return std::nullopt;
    return ssrc;
}

}  // namespace parley::srtp
