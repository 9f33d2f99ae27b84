#include "common/shell/pipe_server.h"

#include <sys/socket.h>

#include "common/shell/unix_socket.h"

namespace parley::shell {

base::Result<std::unique_ptr<PipeServer>, std::string> PipeServer::listen(
    Loop& loop, const std::string& path, size_t connections, Events events, PipeLimits limits) {
    auto socket = listen_unix(path);
    if (!socket) return base::Err{socket.error()};
    return std::unique_ptr<PipeServer>(new PipeServer(loop, path, std::move(*socket), connections,
                                                      std::move(events), limits));
}

PipeServer::PipeServer(Loop& loop, std::string path, Fd socket, size_t most, Events events,
                       PipeLimits limits)
    : loop_(loop),
      path_(std::move(path)),
      socket_(std::move(socket)),
      most_(most),
      events_(std::move(events)),
      limits_(limits),
      watch_(loop, socket_.get(), [this] { on_readable(); }) {}

PipeServer::~PipeServer() {
    unlink(path_.c_str());
}

bool PipeServer::send(ConnectionId id, base::Bytes frame) {
    const auto found = connections_.find(id);
    return found != connections_.end() && found->second->send(frame);
}

void PipeServer::close(ConnectionId id, std::string_view reason) {
    const auto found = connections_.find(id);
    if (found != connections_.end()) found->second->close(reason);
}

void PipeServer::on_readable() {
    Fd socket(accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket && connections_.size() < most_) add(std::move(socket));
}

void PipeServer::add(Fd socket) {
    const ConnectionId id = ++last_id_;
    PipeConnection::Events events;
    events.on_frame = [this, id](base::Bytes frame) { events_.on_frame(id, frame); };
    events.on_closed = [this, id](std::string_view reason) { remove(id, reason); };
    connections_.emplace(id, std::make_unique<PipeConnection>(loop_, std::move(socket),
                                                              std::move(events), limits_));
    events_.on_connected(id);
}

void PipeServer::remove(ConnectionId id, std::string_view reason) {
    const auto gone = connections_.extract(id);  // destroyed when this returns
    events_.on_closed(id, reason);
}

}  // namespace parley::shell
