#pragma once

#include "common/shell/tcp_port.h"
#include "common/shell/udp.h"

namespace parley::shell {

// The port of one worker: UDP and, unless switched off, TCP on the same number, on every listen
// address. Path.local of address i is i over UDP, and over TCP i and the number of all addresses.
class MediaPort final : public net::DatagramSink {
public:
    // As of UdpPort and TcpPort. 0 takes a port that is free for all; one that is taken for TCP is
    // opened for UDP alone.
    static base::Result<std::unique_ptr<MediaPort>, std::string> open(
        Loop& loop, std::span<const net::Address> listen, uint16_t port, bool tcp,
        TcpPort::Events events);

    void send(std::span<const net::Datagram> batch) override;

    uint16_t port() const { return udp_->port(); }
    bool takes_tcp() const { return tcp_ != nullptr; }
    // Why TCP, which was wanted, is not open; "" when there is nothing to mend.
    const std::string& tcp_error() const { return tcp_error_; }
    // Tries again. True when TCP is open since this call.
    bool reopen_tcp();
    net::Drops drops() const;
    size_t tcp_connections() const { return tcp_ ? tcp_->connections() : 0; }

private:
    MediaPort(Loop& loop, std::span<const net::Address> listen, std::unique_ptr<UdpPort> udp,
              TcpPort::Events events);

    bool open_tcp();

    Loop& loop_;
    std::vector<net::Address> listen_;
    TcpPort::Events events_;
    std::unique_ptr<UdpPort> udp_;
    std::unique_ptr<TcpPort> tcp_;  // none when it is switched off, or taken
    std::string tcp_error_;
    std::array<net::Datagram, limits::kOutboxDatagrams> over_udp_;
};

}  // namespace parley::shell
