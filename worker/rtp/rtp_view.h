#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/base/bytes.h"

namespace parley::rtp {

// Version, flags, payload type, sequence number, timestamp and SSRC. RFC 3550 §5.1.
constexpr size_t kFixedHeaderBytes = 12;
constexpr size_t kCsrcsMax = 15;

// One RTP packet, not copied: every span borrows from the bytes it was parsed from.
struct RtpView {
    bool marker;
    uint8_t payload_type;
    uint16_t sequence_number;
    uint32_t timestamp;  // in ticks of the payload type's clock, 48 kHz for Opus
    uint32_t ssrc;
    base::Bytes csrcs;           // four bytes each, in network order, at most kCsrcsMax of them
    uint16_t extension_profile;  // 0 when the packet has no header extension
    base::Bytes extensions;      // whole words, without the four bytes of profile and length
    base::Bytes payload;         // without the padding; may be empty
    uint8_t padding;             // bytes after the payload, the count itself among them
    size_t header_size;          // where the payload begins
};

// Nothing when the version is not 2, or when a length inside reaches past the end: CSRCs, header
// extension or padding. Whether the payload type and SSRC mean anything is the caller's to know.
// RFC 3550 §5.1, §5.3.1, A.1.
std::optional<RtpView> parse_rtp(base::Bytes packet);

}  // namespace parley::rtp
