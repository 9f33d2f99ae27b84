#include "common/shell/tcp_listener.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "common/shell/socket_address.h"

namespace parley::shell {

namespace {

constexpr int kBacklog = 1'024;
constexpr int kAcceptsPerTurn = 64;

// When the process is out of descriptors the connection stays in the kernel's queue, where it
// would wake the loop again and again.
constexpr base::Duration kPause = 100ms;

bool lacks_descriptors(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

base::Result<std::unique_ptr<TcpListener>, std::string> TcpListener::listen(
    Loop& loop, const net::Address& address, OnAccept on_accept) {
    SocketAddress name;
    socklen_t size = write_socket_address(address, name);
    Fd fd(socket(name.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (fd) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd && !address.is_v4()) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (!fd || bind(fd.get(), &name.any, size) != 0 || ::listen(fd.get(), kBacklog) != 0) {
        return base::Err{"cannot listen on TCP " + net::to_text(address) + ": " +
                         std::strerror(errno)};
    }
    size = sizeof name;
    ENSURE(getsockname(fd.get(), &name.any, &size) == 0);
    return std::unique_ptr<TcpListener>(new TcpListener(
        loop, std::move(fd), read_socket_address(name), std::move(on_accept)));
}

TcpListener::TcpListener(Loop& loop, Fd socket, const net::Address& address, OnAccept on_accept)
    : loop_(loop),
      socket_(std::move(socket)),
      address_(address),
      on_accept_(std::move(on_accept)),
      resume_(loop, [this](base::Instant) { watch(); }) {
    watch();
}

void TcpListener::watch() {
    watch_ = std::make_unique<Watch>(loop_, socket_.get(), [this] { on_readable(); });
}

void TcpListener::on_readable() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        SocketAddress name;
        socklen_t size = sizeof name;
        Fd fd(accept4(socket_.get(), &name.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd && lacks_descriptors(errno)) {
            resume_.set(loop_.now() + kPause);
            watch_.reset();
            return;
        }
        if (!fd) return;  // none left, or one that has gone already
        const int on = 1;
        setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        on_accept_(std::move(fd), read_socket_address(name));
    }
}

}  // namespace parley::shell
