#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "common/base/flat_map.h"
#include "common/shell/tcp_listener.h"
#include "common/shell/tcp_stream.h"
#include "worker/net/outbox.h"

namespace parley::shell {

// The TCP sockets of one worker: one per listen address, all on the same port number, and the
// connections that came in on them. Each connection is a Path: its remote address, and the index of
// the listen address. It is closed when it brings what is no frame, or half of one for too long,
// and when for too long nobody knows its path.
class TcpPort {
public:
    struct Events {
        // What arrived, as of UdpPort.
        std::function<void(base::Instant now, std::span<net::Datagram> batch)> on_batch;
        // The connection has ended. Never called from inside a call of this class.
        std::function<void(base::Instant now, const net::Path& path)> on_closed;
        // Whether a connectivity check has proved the path.
        std::function<bool(const net::Path& path)> knows;
    };

    // limits.h says what each is.
    struct Limits {
        size_t connections = limits::kTcpConnections;
        size_t per_address = limits::kTcpConnectionsPerAddress;
        size_t strangers = limits::kTcpStrangers;
        base::Duration proof = limits::kTcpProof;
        base::Duration half_frame = limits::kTcpHalfFrame;
        base::Duration sweep = limits::kTcpSweep;
    };

    // Listens on every address, all on `port`. `first_local` is Path.local of the first of them.
    // The error says which address would not do, and why.
    static base::Result<std::unique_ptr<TcpPort>, std::string> open(
        Loop& loop, std::span<const net::Address> listen, uint16_t port, uint8_t first_local,
        Events events, const Limits& limits);

    // Puts it where it waits for the next flush(), which writes what the kernel takes of it; the
    // rest follows when it takes more. Never blocks, never allocates.
    void send(const net::Datagram& datagram);
    void flush();

    ~TcpPort();

    size_t connections() const { return by_path_.size(); }
    const net::Drops& drops() const { return drops_; }  // TooLong, TcpBacklogFull, SendFailed

private:
    struct Connection;
    using Connections = std::list<Connection>;

    TcpPort(Loop& loop, Events events, const Limits& limits);

    void on_accept(uint8_t local, Fd socket, const net::Address& remote);
    void on_readable(Connection& connection);
    void on_writable(Connection& connection);
    bool cut(base::Instant now, Connection& connection);
    void note_proof(base::Instant now, Connection& connection);
    void sweep(base::Instant now);
    void close(base::Instant now, Connection& connection);
    static net::Path neighbourhood(const net::Address& remote);

    Loop& loop_;
    Limits limits_;
    Events events_;
    std::array<net::Datagram, limits::kReceiveBatch> batch_;
    std::vector<Connection*> written_;  // since the last flush
    net::Drops drops_;
    base::FlatMap<net::Path, Connection*, net::PathHash> by_path_;
    base::FlatMap<net::Path, uint32_t, net::PathHash> of_address_;
    Timer sweep_;
    Connections strangers_;  // who has proved nothing yet, the oldest first
    Connections known_;
    std::vector<std::unique_ptr<TcpListener>> listeners_;
};

}  // namespace parley::shell
