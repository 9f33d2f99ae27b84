#include "common/shell/udp.h"

#include <cerrno>
#include <cstring>

namespace parley::shell {

namespace {

// What a socket is asked to buffer, in each direction: 20 ms of 100,000 packets a second. The
// kernel gives less where net.core.rmem_max says so.
constexpr int kBufferBytes = 4 * 1024 * 1024;

// Batches taken from one socket before other sockets and deadlines have their turn.
constexpr int kBatchesPerTurn = 8;

// A port that is free on the first address may be taken on another one.
constexpr int kPortAttempts = 16;

struct Opened {
    Fd socket;
    int error = 0;
};

Opened open_socket(const net::Address& address) {
    SocketAddress name;
    const socklen_t size = write_socket_address(address, name);
    const int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    Fd fd(socket(name.any.sa_family, type, IPPROTO_UDP));
    if (!fd) return {Fd(), errno};
    const int on = 1;
    if (!address.is_v4()) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof kBufferBytes);
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof kBufferBytes);
    if (bind(fd.get(), &name.any, size) != 0) return {Fd(), errno};
    return {std::move(fd), 0};
}

uint16_t port_of(const Fd& socket) {
    SocketAddress name;
    socklen_t size = sizeof name;
    ENSURE(getsockname(socket.get(), &name.any, &size) == 0);
    return read_socket_address(name).port;
}

struct Bound {
    std::vector<Fd> sockets;
    uint16_t port = 0;
    int error = 0;
    std::string failed;  // the address that would not do
};

// Binds all addresses to one port, which the first one chooses when it is 0.
Bound bind_all(std::span<const net::Address> listen, uint16_t port) {
    Bound bound;
    bound.port = port;
    for (net::Address address : listen) {
        address.port = bound.port;
        Opened opened = open_socket(address);
        if (opened.error != 0) {
            bound.error = opened.error;
            bound.failed = net::to_text(address);
            return bound;
        }
        bound.port = port_of(opened.socket);
        bound.sockets.push_back(std::move(opened.socket));
    }
    return bound;
}

}  // namespace

base::Result<std::unique_ptr<UdpPort>, std::string> UdpPort::open(
    Loop& loop, std::span<const net::Address> listen, uint16_t port, OnBatch on_batch) {
    if (listen.empty() || listen.size() > 255) {
        return base::Err{std::string("1 to 255 listen addresses are needed")};
    }
    Bound bound = bind_all(listen, port);
    for (int i = 1; i < kPortAttempts && port == 0 && bound.error == EADDRINUSE; ++i) {
        bound = bind_all(listen, port);
    }
    if (bound.error != 0) {
        return base::Err{"cannot listen on UDP " + bound.failed + ": " +
                         std::strerror(bound.error)};
    }
    return std::unique_ptr<UdpPort>(
        new UdpPort(loop, std::move(bound.sockets), bound.port, std::move(on_batch)));
}

UdpPort::UdpPort(Loop& loop, std::vector<Fd> sockets, uint16_t port, OnBatch on_batch)
    : loop_(loop),
      on_batch_(std::move(on_batch)),
      port_(port),
      sockets_(std::move(sockets)),
      room_(kStride * limits::kReceiveBatch) {
    for (size_t i = 0; i < messages_.size(); ++i) {
        buffers_[i] = {room_.data() + i * kStride, limits::kDatagramBytes + 1};
        messages_[i].msg_hdr.msg_iov = &buffers_[i];
        messages_[i].msg_hdr.msg_iovlen = 1;
        messages_[i].msg_hdr.msg_name = &names_[i];
    }
    for (size_t local = 0; local < sockets_.size(); ++local) {
        const int fd = sockets_[local].get();
        fds_.push_back(fd);
        watches_.push_back(
            std::make_unique<Watch>(loop_, fd, [this, local] { on_readable(local); }));
    }
}

void UdpPort::send(std::span<const net::Datagram> batch) {
    sender_.send(fds_, batch, drops_);
}

UdpCounters UdpPort::counters() const {
    UdpCounters all = counters_;
    all.packets_sent = sender_.packets();
    all.bytes_sent = sender_.bytes();
    all.send_calls = sender_.calls();
    return all;
}

void UdpPort::on_readable(size_t local) {
    for (int i = 0; i < kBatchesPerTurn; ++i) {
        const size_t count = receive(local);
        if (count == 0) return;
        const base::Instant now = loop_.now();
        const std::span<net::Datagram> batch = take(local, count);
        if (!batch.empty()) on_batch_(now, batch);
        if (count < limits::kReceiveBatch) return;  // drained
    }
}

// Returns how many messages were read, 0 when there are none or none can be read now.
size_t UdpPort::receive(size_t local) {
    for (mmsghdr& message : messages_) message.msg_hdr.msg_namelen = sizeof(SocketAddress);
    for (;;) {
        const int count = recvmmsg(fds_[local], messages_.data(), messages_.size(), MSG_DONTWAIT,
                                   nullptr);
        ++counters_.receive_calls;
        if (count >= 0) return static_cast<size_t>(count);
        if (errno != EINTR) return 0;
    }
}

// Counts what was read and returns what of it can be handed on.
std::span<net::Datagram> UdpPort::take(size_t local, size_t count) {
    size_t taken = 0;
    for (size_t i = 0; i < count; ++i) {
        const size_t size = messages_[i].msg_len;
        ++counters_.packets_received;
        counters_.bytes_received += size;
        if (size > limits::kDatagramBytes) {
            drops_.count(net::Drop::TooLong);
            continue;
        }
        batch_[taken].path.remote = read_socket_address(names_[i]);
        batch_[taken].path.local = static_cast<uint8_t>(local);
        batch_[taken++].bytes = {room_.data() + i * kStride, size};
    }
    return std::span(batch_).first(taken);
}

}  // namespace parley::shell
