#pragma once

#include <doctest/doctest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <string>

#include "common/shell/fd.h"
#include "common/shell/socket_address.h"

namespace parley::shell {

// A client's end of a TCP connection over loopback, which reads only when it is told to.
class TcpClient {
public:
    explicit TcpClient(const net::Address& to) {
        SocketAddress name;
        const socklen_t size = write_socket_address(to, name);
        socket_ = Fd(::socket(name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(socket_);
        const int on = 1;
        setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        REQUIRE(connect(socket_.get(), &name.any, size) == 0);
    }

    static std::string framed(std::string_view text) {
        const char length[] = {static_cast<char>(text.size() >> 8), static_cast<char>(text.size())};
        return std::string(length, 2).append(text);
    }

    void write(std::string_view bytes) const {
        REQUIRE(send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }
    void say(std::string_view text) const { write(framed(text)); }

    // What has arrived since the last call.
    std::string read() {
        char room[4096];
        std::string text;
        for (;;) {
            const ssize_t size = recv(socket_.get(), room, sizeof room, MSG_DONTWAIT);
            ended_ = size == 0 || (size < 0 && errno != EAGAIN);
            if (size <= 0) return text;
            text.append(room, static_cast<size_t>(size));
        }
    }
    // By the other end, as seen once all that came before is read.
    bool ended() {
        read();
        return ended_;
    }

    void reset() {  // ends it with a RST
        const linger none{1, 0};
        setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
        socket_ = Fd();
    }

    net::Address address() const {
        SocketAddress name;
        socklen_t size = sizeof name;
        REQUIRE(getsockname(socket_.get(), &name.any, &size) == 0);
        return read_socket_address(name);
    }

private:
    Fd socket_;
    bool ended_ = false;
};

}  // namespace parley::shell
