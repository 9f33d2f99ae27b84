#pragma once

#include "common/shell/tcp_port.h"
#include "common/shell/udp.h"

namespace parley::shell {

// The port of one worker: UDP and, unless switched off, TCP on the same number, on every listen
// address. Path.local of address i is i over UDP, and over TCP i and the number of all addresses.
class MediaPort final : public net::DatagramSink {
public:
    // As of UdpPort and TcpPort. 0 takes a port that is free for all.
    static base::Result<std::unique_ptr<MediaPort>, std::string> open(
        Loop& loop, std::span<const net::Address> listen, uint16_t port, bool tcp,
        TcpPort::Events events);

    void send(std::span<const net::Datagram> batch) override;

    uint16_t port() const { return udp_->port(); }
    net::Drops drops() const;
    size_t tcp_connections() const { return tcp_ ? tcp_->connections() : 0; }

private:
    MediaPort(std::unique_ptr<UdpPort> udp, std::unique_ptr<TcpPort> tcp, size_t addresses);

    std::unique_ptr<UdpPort> udp_;
    std::unique_ptr<TcpPort> tcp_;  // none when it is switched off
    size_t addresses_;
    std::array<net::Datagram, limits::kOutboxDatagrams> over_udp_;
};

}  // namespace parley::shell
