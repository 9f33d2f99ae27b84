#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>

#include "common/shell/fd.h"
#include "common/shell/loop.h"
#include "common/shell/socket_address.h"

namespace parley::shell {

// A TCP client that says exactly the bytes it is told to, and keeps what it hears.
class RawClient {
public:
    RawClient(Loop& loop, const net::Address& to) {
        SocketAddress name;
        const socklen_t size = write_socket_address(to, name);
        socket_ = Fd(socket(name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(connect(socket_.get(), &name.any, size) == 0);
        REQUIRE(fcntl(socket_.get(), F_SETFL, O_NONBLOCK) == 0);
        watch_ = std::make_unique<Watch>(loop, socket_.get(), [this] { on_readable(); });
    }

    // False when the other end would not have it.
    bool say(std::string_view words) {
        while (!words.empty()) {
            const ssize_t sent = send(socket_.get(), words.data(), words.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            words.remove_prefix(static_cast<size_t>(sent));
        }
        return true;
    }

    void half_close() { shutdown(socket_.get(), SHUT_WR); }
    void stop_reading() { watch_.reset(); }
    void start_reading(Loop& loop) {
        watch_ = std::make_unique<Watch>(loop, socket_.get(), [this] { on_readable(); });
    }
    void reset() {
        const linger hard{1, 0};
        setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        watch_.reset();
        socket_ = Fd();
    }
    bool heard(std::string_view text) const { return bytes.find(text) != std::string::npos; }
    int fd() const { return socket_.get(); }

    std::string bytes;
    bool closed = false;

private:
    void on_readable() {
        char room[65536];
        const ssize_t got = recv(socket_.get(), room, sizeof room, MSG_DONTWAIT);
        if (got > 0) {
            bytes.append(room, static_cast<size_t>(got));
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            closed = true;
            watch_.reset();
        }
    }

    Fd socket_;
    std::unique_ptr<Watch> watch_;
};

// What a WebSocket client sends, masked with zeros. RFC 6455 §5.2.
inline std::string masked_frame(uint8_t first_byte, std::string_view payload) {
    std::string frame(1, static_cast<char>(first_byte));
    if (payload.size() < 126) {
        frame += static_cast<char>(0x80 | payload.size());
    } else if (payload.size() < 65'536) {
        frame += static_cast<char>(0x80 | 126);
        for (int shift = 8; shift >= 0; shift -= 8) {
            frame += static_cast<char>(payload.size() >> shift);
        }
    } else {
        frame += static_cast<char>(0x80 | 127);
        for (int shift = 56; shift >= 0; shift -= 8) {
            frame += static_cast<char>(payload.size() >> shift);
        }
    }
    return frame.append(4, '\0').append(payload);
}

inline std::string masked_text(std::string_view text) { return masked_frame(0x81, text); }

}  // namespace parley::shell
