#pragma once

#include <netinet/in.h>

#include <cstring>

#include "worker/net/address.h"

namespace parley::shell {

// An Address as the kernel wants it: sockaddr_in for IPv4, sockaddr_in6 for the rest.
union SocketAddress {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

// Writes `address` and returns how many bytes of `out` it takes.
inline socklen_t write_socket_address(const net::Address& address, SocketAddress& out) {
    if (address.is_v4()) {
        out.v4.sin_family = AF_INET;
        out.v4.sin_port = htons(address.port);
        std::memcpy(&out.v4.sin_addr, address.ip.data() + 12, 4);
        return sizeof out.v4;
    }
    out.v6 = {};
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(address.port);
    std::memcpy(&out.v6.sin6_addr, address.ip.data(), 16);
    return sizeof out.v6;
}

// REQUIRES: AF_INET or AF_INET6.
inline net::Address read_socket_address(const SocketAddress& from) {
    if (from.any.sa_family == AF_INET) {
        return net::Address::v4(ntohl(from.v4.sin_addr.s_addr), ntohs(from.v4.sin_port));
    }
    net::Address address;
    std::memcpy(address.ip.data(), &from.v6.sin6_addr, 16);
    address.port = ntohs(from.v6.sin6_port);
    return address;
}

}  // namespace parley::shell
