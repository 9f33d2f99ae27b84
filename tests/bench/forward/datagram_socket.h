#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>

#include "common/shell/fd.h"

namespace parley::bench {

sockaddr_in loopback(uint16_t port);

// A UDP socket of one participant on the loopback interface, at a port of its own.
class DatagramSocket {
public:
    DatagramSocket();

    int fd() const { return fd_.get(); }
    uint16_t port() const { return port_; }

    void send(std::span<const uint8_t> bytes, const sockaddr_in& to) const;

    // Waits so long for something to read. False when nothing came.
    bool wait_readable(int milliseconds) const;
    void discard_all() const;  // what waits to be read

private:
    shell::Fd fd_;
    uint16_t port_ = 0;
};

// Room for what is read from a socket in one go; shared by all sockets of a sink.
class DatagramReader {
public:
    static constexpr size_t kBatch = 16;

    DatagramReader();

    // How many were read, at once and without waiting: 0 when nothing was there.
    size_t read(int socket);
    // One that the last read() gave.
    std::span<uint8_t> datagram(size_t index) {
        return std::span(room_[index]).first(messages_[index].msg_len);
    }

private:
    std::array<std::array<uint8_t, 2048>, kBatch> room_;
    std::array<iovec, kBatch> buffers_;
    std::array<mmsghdr, kBatch> messages_{};
};

}  // namespace parley::bench
