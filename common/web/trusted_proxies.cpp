#include "common/web/trusted_proxies.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace parley::web {

namespace {

constexpr unsigned kBits = 128;
constexpr unsigned kMappedBits = 96;

bool same_bits(const std::array<uint8_t, 16>& a, const std::array<uint8_t, 16>& b, unsigned bits) {
    const unsigned whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
    const unsigned rest = bits % 8;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

// `bits`: of the address as it was written, 32 or 128.
std::optional<TrustedProxies::Address> TrustedProxies::parse(std::string_view ip, unsigned& bits) {
    const std::string text(ip);
    Address address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    bits = kBits - kMappedBits;
    if (inet_pton(AF_INET, text.c_str(), address.data() + kMappedBits / 8) == 1) return address;
    bits = kBits;
    if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
    return std::nullopt;
}

bool TrustedProxies::add(std::string_view text) {
    const size_t slash = text.find('/');
    unsigned most = 0;
    const auto address = parse(text.substr(0, slash), most);
    if (!address) return false;
    unsigned bits = most;
    if (slash != text.npos) {
        const std::string_view length = text.substr(slash + 1);
        const auto [end, error] =
            std::from_chars(length.data(), length.data() + length.size(), bits);
        if (error != std::errc() || end != length.data() + length.size()) return false;
    }
    if (bits > most) return false;
    networks_.push_back({*address, bits + kBits - most});
    return true;
}

bool TrustedProxies::contains(std::string_view ip) const {
    unsigned bits = 0;
    const auto address = parse(ip, bits);
    return address && std::ranges::any_of(networks_, [&](const Network& network) {
               return same_bits(*address, network.address, network.bits);
           });
}

}  // namespace parley::web
