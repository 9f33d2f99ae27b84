#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/random.h"
#include "worker/srtp/profile.h"

namespace parley::srtp {

using Packet = std::vector<uint8_t>;

inline constexpr std::array kProfiles = {Profile::AesCm128HmacSha1_80, Profile::AeadAes128Gcm,
                                         Profile::AeadAes256Gcm};

// Reads hexadecimal digits; blanks between bytes do not count.
inline Packet from_hex(std::string_view text) {
    Packet bytes;
    int high = -1;
    for (const char c : text) {
        if (c == ' ') continue;
        const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        if (high >= 0) bytes.push_back(static_cast<uint8_t>(high << 4 | digit));
        high = high < 0 ? digit : -1;
    }
    return bytes;
}

inline Packet random_bytes(base::Random& random, size_t size) {
    Packet bytes(size);
    random.fill(bytes);
    return bytes;
}

inline Master random_master(base::Random& random) {
    Master master;
    random.fill(master.key);
    random.fill(master.salt);
    return master;
}

// A packet with any number of CSRCs, an extension half of the time, and a payload of `payload`.
inline Packet rtp_packet(base::Random& random, uint32_t ssrc, uint16_t sequence_number,
                         size_t payload) {
    Packet packet(2'000);
    base::ByteWriter out(packet);
    const uint64_t csrcs = random.below(16);
    const bool extended = random.below(2) == 1;
    out.u8(static_cast<uint8_t>(0x80 | (extended ? 0x10 : 0) | csrcs));
    out.u8(111);
    out.u16(sequence_number);
    out.u32(random.u32());
    out.u32(ssrc);
    out.put(random_bytes(random, 4 * csrcs));
    if (extended) {
        const uint64_t words = random.below(10);
        out.u16(0xbede);
        out.u16(static_cast<uint16_t>(words));
        out.put(random_bytes(random, 4 * words));
    }
    out.put(random_bytes(random, payload));
    packet.resize(out.size());
    return packet;
}

// A receiver report of `words` 32-bit words behind its head.
inline Packet rtcp_packet(base::Random& random, uint32_t ssrc, size_t words) {
    Packet packet(8 + 4 * words);
    base::ByteWriter out(packet);
    out.u8(0x81);
    out.u8(201);
    out.u16(static_cast<uint16_t>(1 + words));
    out.u32(ssrc);
    out.put(random_bytes(random, 4 * words));
    return packet;
}

// The packet, protected by `protect(room, size)`; empty when that refuses.
template <typename Protect>
Packet protected_by(const Packet& plain, Protect protect) {
    Packet room = plain;
    room.resize(plain.size() + kMaxOverhead);
    const size_t size = protect(std::span(room), plain.size());
    room.erase(room.begin() + static_cast<ptrdiff_t>(size), room.end());
    return room;
}

}  // namespace parley::srtp
