#include "common/shell/tcp_port.h"

#include <sys/resource.h>

#include <algorithm>

namespace parley::shell {

namespace {

// Of the descriptors that the process may have half at most: controllers need some, too.
size_t descriptors_free_for_clients() {
    rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur / 2 : SIZE_MAX;
}

}  // namespace

struct TcpPort::Connection {
    Connection(Fd socket, const net::Path& path, base::Instant now)
        : stream(std::move(socket), path), known_at(now) {}

    TcpStream stream;
    base::Instant known_at;                      // or accepted
    std::optional<base::Instant> halfway_since;  // a frame is only partly here
    bool written = false;                        // since the last flush
    Connections* list = nullptr;
    Connections::iterator place;
    std::unique_ptr<Watch> watch;  // last: gone before the socket
};

base::Result<std::unique_ptr<TcpPort>, std::string> TcpPort::open(
    Loop& loop, std::span<const net::Address> listen, uint16_t port, uint8_t first_local,
    Events events, const Limits& limits) {
    std::unique_ptr<TcpPort> self(new TcpPort(loop, std::move(events), limits));
    for (net::Address address : listen) {
        address.port = port;
        const auto local = static_cast<uint8_t>(first_local + self->listeners_.size());
        auto listener = TcpListener::listen(
            loop, address, [raw = self.get(), local](Fd socket, const net::Address& remote) {
                raw->on_accept(local, std::move(socket), remote);
            });
        if (!listener) return base::Err{listener.error()};
        self->listeners_.push_back(std::move(*listener));
    }
    return self;
}

TcpPort::TcpPort(Loop& loop, Events events, const Limits& limits)
    : loop_(loop),
      limits_(limits),
      events_(std::move(events)),
      sweep_(loop, [this](base::Instant now) { sweep(now); }) {
    limits_.connections = std::min(limits_.connections, descriptors_free_for_clients());
    written_.reserve(limits::kOutboxDatagrams);
}

TcpPort::~TcpPort() = default;

// --- connections

// Whose connections are counted together: an IPv4 address, or the /64 that one IPv6 host may have.
net::Path TcpPort::neighbourhood(const net::Address& remote) {
    net::Path path{remote, 0};
    path.remote.port = 0;
    if (!remote.is_v4()) std::fill(path.remote.ip.begin() + 8, path.remote.ip.end(), uint8_t{0});
    return path;
}

void TcpPort::on_accept(uint8_t local, Fd socket, const net::Address& remote) {
    const base::Instant now = loop_.now();
    const net::Path path{remote, local};
    // The kernel takes the same port of the same host again before we have read the end of the
    // last.
    if (Connection** const last = by_path_.find(path)) close(now, **last);
    const uint32_t* const neighbours = of_address_.find(neighbourhood(remote));
    const uint32_t count = neighbours ? *neighbours : 0;
    if (count >= limits_.per_address) return;
    if (strangers_.size() >= limits_.strangers) close(now, strangers_.front());
    if (connections() >= limits_.connections) return;

    Connection& connection = strangers_.emplace_back(std::move(socket), path, now);
    connection.list = &strangers_;
    connection.place = std::prev(strangers_.end());
    connection.watch = std::make_unique<Watch>(
        loop_, connection.stream.fd(), [this, &connection] { on_readable(connection); },
        [this, &connection] { on_writable(connection); });
    by_path_.insert(path, &connection);
    of_address_.insert(neighbourhood(remote), count + 1);
    if (connections() == 1) sweep_.set(now + limits_.sweep);
}

void TcpPort::close(base::Instant now, Connection& connection) {
    const net::Path path = connection.stream.path();
    connection.stream.give_up(drops_);
    by_path_.erase(path);
    const net::Path neighbours = neighbourhood(path.remote);
    if (--*of_address_.find(neighbours) == 0) of_address_.erase(neighbours);
    connection.list->erase(connection.place);
    events_.on_closed(now, path);
}

void TcpPort::note_proof(base::Instant now, Connection& connection) {
    if (!events_.knows(connection.stream.path())) return;
    connection.known_at = now;
    if (connection.list == &known_) return;
    known_.splice(known_.end(), strangers_, connection.place);
    connection.list = &known_;
}

void TcpPort::sweep(base::Instant now) {
    for (Connections* list : {&strangers_, &known_}) {
        for (auto next = list->begin(); next != list->end();) {
            Connection& connection = *next++;
            note_proof(now, connection);
            const bool unknown = now - connection.known_at >= limits_.proof;
            const auto halfway = connection.halfway_since;
            if (unknown || (halfway && now - *halfway >= limits_.half_frame)) {
                close(now, connection);
            }
        }
    }
    if (connections() > 0) sweep_.set(now + limits_.sweep);
}

// --- in

void TcpPort::on_readable(Connection& connection) {
    for (int i = 0; i < limits::kTcpReadsPerTurn; ++i) {
        const TcpStream::Read read = connection.stream.read();
        const base::Instant now = loop_.now();
        if (read == TcpStream::Read::Ended || !cut(now, connection)) return close(now, connection);
        if (read == TcpStream::Read::Drained) return;
    }
}

// Hands out what is here as whole datagrams. False when what follows can not be understood.
bool TcpPort::cut(base::Instant now, Connection& connection) {
    net::FrameCutter& frames = connection.stream.frames();
    size_t all = 0;
    for (size_t taken = batch_.size(); taken == batch_.size();) {
        taken = 0;
        while (taken < batch_.size()) {
            const auto bytes = frames.next();
            if (!bytes) break;
            batch_[taken++] = {connection.stream.path(), *bytes};
        }
        all += taken;
        if (taken > 0) events_.on_batch(now, std::span(batch_).first(taken));
    }
    if (frames.broken()) {
        drops_.count(net::Drop::TooLong);
        return false;
    }
    if (all > 0 && connection.list == &strangers_) note_proof(now, connection);
    if (!frames.halfway()) {
        connection.halfway_since.reset();
    } else if (all > 0 || !connection.halfway_since) {
        connection.halfway_since = now;
    }
    return true;
}

// --- out

void TcpPort::send(const net::Datagram& datagram) {
    Connection** const found = by_path_.find(datagram.path);
    if (!found) return drops_.count(net::Drop::SendFailed);
    Connection& connection = **found;
    connection.stream.push(datagram.bytes, drops_);
    if (connection.written) return;
    connection.written = true;
    written_.push_back(&connection);
    if (written_.size() == limits::kOutboxDatagrams) flush();
}

void TcpPort::flush() {
    for (Connection* connection : written_) {
        connection->written = false;
        connection->stream.flush(drops_);
        connection->watch->want_writable(connection->stream.waits());
    }
    written_.clear();
}

void TcpPort::on_writable(Connection& connection) {
    connection.stream.flush(drops_);
    connection.watch->want_writable(connection.stream.waits());
}

}  // namespace parley::shell
