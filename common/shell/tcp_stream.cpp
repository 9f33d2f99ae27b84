#include "common/shell/tcp_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "worker/limits.h"

namespace parley::shell {

TcpStream::TcpStream(Fd socket, const net::Path& path) : socket_(std::move(socket)), path_(path) {
    const int unsent = limits::kTcpUnsentBytes;
    setsockopt(fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

TcpStream::Read TcpStream::read() {
    const std::span<uint8_t> room = frames_.room();
    for (;;) {
        const ssize_t size = recv(fd(), room.data(), room.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == EAGAIN) return Read::Drained;
        if (size <= 0) return Read::Ended;
        frames_.add(static_cast<size_t>(size));
        return static_cast<size_t>(size) < room.size() ? Read::Drained : Read::More;
    }
}

void TcpStream::push(base::Bytes datagram, net::Drops& drops) {
    if (broken_) return drops.count(net::Drop::SendFailed);
    if (backlog_.push(datagram)) return;
    flush(drops);  // the kernel may have room again
    if (broken_) return drops.count(net::Drop::SendFailed);
    if (!backlog_.push(datagram)) drops.count(net::Drop::TcpBacklogFull);
}

void TcpStream::flush(net::Drops& drops) {
    while (!backlog_.empty()) {
        const base::Bytes bytes = backlog_.waiting();
        const ssize_t size = send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size >= 0) {
            backlog_.written(static_cast<size_t>(size));
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) {
            broken_ = true;
            shutdown(fd(), SHUT_RDWR);
            give_up(drops);
        }
    }
}

void TcpStream::give_up(net::Drops& drops) {
    drops.count(net::Drop::SendFailed, backlog_.datagrams());
    backlog_.clear();
}

}  // namespace parley::shell
