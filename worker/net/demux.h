#pragma once

#include <cstdint>

#include "common/base/bytes.h"

namespace parley::net {

enum class Protocol : uint8_t { Stun, Dtls, Rtp, Rtcp, Unknown };

// Which protocol a datagram speaks, by its first byte, and RTCP from RTP by its second.
// RFC 7983 §7, RFC 5761 §4.
constexpr Protocol protocol_of(base::Bytes datagram) {
    if (datagram.size() < 2) return Protocol::Unknown;
    const uint8_t first = datagram[0];
    if (first <= 3) return Protocol::Stun;
    if (first >= 20 && first <= 63) return Protocol::Dtls;
    if (first < 128 || first > 191) return Protocol::Unknown;
    return datagram[1] >= 192 && datagram[1] <= 223 ? Protocol::Rtcp : Protocol::Rtp;
}

}  // namespace parley::net
