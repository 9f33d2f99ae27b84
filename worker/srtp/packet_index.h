#pragma once

#include <cstdint>
#include <optional>

#include "common/base/serial.h"

namespace parley::srtp {

// RTP packets have 48 bits of index, a rollover counter of 32 over the sequence number of 16;
// RTCP packets carry theirs, of 31. Beyond them a key is used up. RFC 3711 §3.3.1, §9.2.
constexpr uint64_t kRtpIndexes = uint64_t{1} << 48;
constexpr uint64_t kRtcpIndexes = uint64_t{1} << 31;

// The index nearest to `highest` among those that end in `sequence_number`: negative when that
// lies before the stream's begin, kRtpIndexes or more when the key is used up. RFC 3711 §3.3.1.
constexpr int64_t nearest_index(uint64_t highest, uint16_t sequence_number) {
    return static_cast<int64_t>(highest) +
           base::serial_distance(static_cast<uint16_t>(highest), sequence_number);
}

}  // namespace parley::srtp
