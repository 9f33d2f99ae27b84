#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::web {

// Addresses of proxies that may say who asks. Without any nobody may.
class TrustedProxies {
public:
    // Takes an address, or a network with the length of its prefix: "10.0.0.7", "10.0.0.0/8",
    // "fd00::/8". False for anything else.
    bool add(std::string_view text);

    // An IPv4 address that came over IPv6 (RFC 4291 §2.5.5.2) is the IPv4 address.
    bool contains(std::string_view ip) const;
    bool empty() const { return networks_.empty(); }

private:
    using Address = std::array<uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d
    struct Network {
        Address address;
        unsigned bits;
    };

    static std::optional<Address> parse(std::string_view ip, unsigned& bits);

    std::vector<Network> networks_;
};

}  // namespace parley::web
