#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/flat_map.h"

namespace parley::net {

// An IP address and a UDP port. IPv4 is kept in its mapped form, ::ffff:a.b.c.d (RFC 4291
// §2.5.5.2), so that there is one shape to hash and compare.
struct Address {
    std::array<uint8_t, 16> ip{};
    uint16_t port = 0;

    bool operator==(const Address&) const = default;

    static Address v4(uint32_t ip, uint16_t port);  // host byte order: 127.0.0.1 is 0x7f000001
    bool is_v4() const;
    uint32_t v4() const;  // REQUIRES: is_v4()
};

// Reads an IP literal without brackets or zone: "192.0.2.1", "2001:db8::1".
std::optional<Address> parse_ip(std::string_view ip, uint16_t port);
std::string ip_text(const Address& address);  // as parse_ip reads it, RFC 5952
std::string to_text(const Address& address);  // with the port: "192.0.2.1:40000", "[::1]:40000"

// Where a datagram came from, or goes to: the local socket, as an index into the worker's listen
// addresses, and the remote address. What WebRTC calls a candidate pair or 5-tuple.
struct Path {
    Address remote;
    uint8_t local = 0;

    bool operator==(const Path&) const = default;
};

struct PathHash {
    uint64_t operator()(const Path& path) const {
        uint64_t high = 0, low = 0;
        std::memcpy(&high, path.remote.ip.data(), 8);
        std::memcpy(&low, path.remote.ip.data() + 8, 8);
        const uint64_t tail = uint64_t{path.remote.port} << 8 | path.local;
        return base::mix(base::mix(high + 0x9e3779b97f4a7c15) ^ low ^ tail * 0xff51afd7ed558ccd);
    }
};

}  // namespace parley::net
