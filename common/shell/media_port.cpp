#include "common/shell/media_port.h"

#include <algorithm>

namespace parley::shell {

namespace {

// A port that is free for UDP may be taken for TCP.
constexpr int kPortAttempts = 16;

}  // namespace

base::Result<std::unique_ptr<MediaPort>, std::string> MediaPort::open(
    Loop& loop, std::span<const net::Address> listen, uint16_t port, bool tcp,
    TcpPort::Events events) {
    static_assert(2 * limits::kListens <= 256, "Path.local is a byte");
    for (int attempt = 1;; ++attempt) {
        auto udp = UdpPort::open(loop, listen, port, events.on_batch);
        if (!udp) return base::Err{udp.error()};
        std::unique_ptr<MediaPort> opened(new MediaPort(loop, listen, std::move(*udp), events));
        if (!tcp || opened->open_tcp()) return opened;
        if (port != 0 || attempt == kPortAttempts) return opened;
    }
}

MediaPort::MediaPort(Loop& loop, std::span<const net::Address> listen, std::unique_ptr<UdpPort> udp,
                     TcpPort::Events events)
    : loop_(loop),
      listen_(listen.begin(), listen.end()),
      events_(std::move(events)),
      udp_(std::move(udp)) {}

bool MediaPort::open_tcp() {
    auto opened =
        TcpPort::open(loop_, listen_, port(), static_cast<uint8_t>(listen_.size()), events_, {});
    tcp_error_ = opened ? "" : opened.error();
    if (opened) tcp_ = std::move(*opened);
    return takes_tcp();
}

bool MediaPort::reopen_tcp() {
    return !tcp_error_.empty() && open_tcp();
}

void MediaPort::send(std::span<const net::Datagram> batch) {
    const auto over_tcp = [this](const net::Datagram& d) { return d.path.local >= listen_.size(); };
    if (std::none_of(batch.begin(), batch.end(), over_tcp)) return udp_->send(batch);
    ENSURE(tcp_ && batch.size() <= over_udp_.size());
    size_t count = 0;
    for (const net::Datagram& datagram : batch) {
        if (over_tcp(datagram)) {
            tcp_->send(datagram);
        } else {
            over_udp_[count++] = datagram;
        }
    }
    udp_->send(std::span(over_udp_).first(count));
    tcp_->flush();
}

net::Drops MediaPort::drops() const {
    net::Drops all = udp_->drops();
    for (size_t i = 0; tcp_ && i < net::kDropKinds; ++i) {
        const auto why = static_cast<net::Drop>(i);
        all.count(why, tcp_->drops()[why]);
    }
    return all;
}

}  // namespace parley::shell
