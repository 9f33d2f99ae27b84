#include "worker/net/address.h"

#include <arpa/inet.h>

#include "common/base/ensure.h"

namespace parley::net {

namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Address Address::v4(uint32_t ip, uint16_t port) {
    Address address;
    std::memcpy(address.ip.data(), kMappedPrefix.data(), kMappedPrefix.size());
    for (size_t i = 0; i < 4; ++i) address.ip[12 + i] = static_cast<uint8_t>(ip >> (24 - 8 * i));
    address.port = port;
    return address;
}

bool Address::is_v4() const {
    return std::memcmp(ip.data(), kMappedPrefix.data(), kMappedPrefix.size()) == 0;
}

uint32_t Address::v4() const {
    ENSURE(is_v4());
    return uint32_t{ip[12]} << 24 | uint32_t{ip[13]} << 16 | uint32_t{ip[14]} << 8 | ip[15];
}

std::optional<Address> parse_ip(std::string_view ip, uint16_t port) {
    const std::string text(ip);
    in_addr four;
    if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
        return Address::v4(ntohl(four.s_addr), port);
    }
    Address six;
    six.port = port;
    if (inet_pton(AF_INET6, text.c_str(), six.ip.data()) == 1) return six;
    return std::nullopt;
}

std::string ip_text(const Address& address) {
    char text[INET6_ADDRSTRLEN];
    const bool four = address.is_v4();
    inet_ntop(four ? AF_INET : AF_INET6, address.ip.data() + (four ? 12 : 0), text, sizeof text);
    return text;
}

std::string to_text(const Address& address) {
    const std::string ip = ip_text(address);
    return (address.is_v4() ? ip : "[" + ip + "]") + ":" + std::to_string(address.port);
}

}  // namespace parley::net
