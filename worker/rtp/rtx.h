#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"

namespace parley::rtp {

// In front of the payload that is sent again: the sequence number that it had. RFC 4588 §4.
constexpr size_t kRtxHeaderBytes = 2;

// What a retransmission carries.
struct RtxPayload {
    uint16_t sequence_number;  // of the original
    base::Bytes payload;       // of the original; borrowed
};

// Nothing when it is too short. A retransmission of nothing is legal: an original may be empty.
inline std::optional<RtxPayload> parse_rtx(base::Bytes payload) {
    base::ByteReader in(payload);
    RtxPayload rtx{in.u16(), {}};
    rtx.payload = in.rest();
    if (!in.ok()) return std::nullopt;
    return rtx;
}

}  // namespace parley::rtp
