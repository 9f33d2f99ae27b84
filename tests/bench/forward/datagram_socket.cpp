#include "tests/bench/forward/datagram_socket.h"

#include <poll.h>

#include "tests/bench/forward/failure.h"

namespace parley::bench {

sockaddr_in loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

DatagramSocket::DatagramSocket() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (!fd_) fail_with_errno("cannot open a UDP socket");
    // As much as the kernel gives: what waits here while the sink is elsewhere is not lost.
    const int bytes = 4 * 1024 * 1024;
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_.get(), any, size) != 0 || getsockname(fd_.get(), any, &size) != 0) {
        fail_with_errno("cannot bind a UDP socket");
    }
    port_ = ntohs(address.sin_port);
}

void DatagramSocket::send(std::span<const uint8_t> bytes, const sockaddr_in& to) const {
    const auto* const any = reinterpret_cast<const sockaddr*>(&to);
    const ssize_t sent = sendto(fd_.get(), bytes.data(), bytes.size(), 0, any, sizeof to);
    if (sent != static_cast<ssize_t>(bytes.size())) fail_with_errno("cannot send");
}

bool DatagramSocket::wait_readable(int milliseconds) const {
    pollfd wanted{fd_.get(), POLLIN, 0};
    return poll(&wanted, 1, milliseconds) > 0;
}

void DatagramSocket::discard_all() const {
    uint8_t byte;
    while (recv(fd_.get(), &byte, 1, MSG_DONTWAIT) >= 0) continue;
}

DatagramReader::DatagramReader() {
    for (size_t i = 0; i < kBatch; ++i) {
        buffers_[i] = {room_[i].data(), room_[i].size()};
        messages_[i].msg_hdr.msg_iov = &buffers_[i];
        messages_[i].msg_hdr.msg_iovlen = 1;
    }
}

size_t DatagramReader::read(int socket) {
    const int count = recvmmsg(socket, messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
    return count > 0 ? static_cast<size_t>(count) : 0;
}

}  // namespace parley::bench
