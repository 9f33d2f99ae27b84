#include "common/shell/pipe_connection.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "common/shell/unix_socket.h"

namespace parley::shell {

namespace {

constexpr size_t kReadBytes = 64 * 1024;

base::Bytes after(base::Bytes bytes, size_t size) {
    return bytes.subspan(std::min(size, bytes.size()));
}

iovec to_iovec(base::Bytes bytes) {
    return {const_cast<uint8_t*>(bytes.data()), bytes.size()};  // sendmsg only reads it
}

bool is_later(int error) {
    return error == EAGAIN || error == EINTR;
}

}  // namespace

base::Result<std::unique_ptr<PipeConnection>, std::string> PipeConnection::connect(
    Loop& loop, const std::string& path, Events events, PipeLimits limits) {
    auto socket = connect_unix(path);
    if (!socket) return base::Err{socket.error()};
    return std::make_unique<PipeConnection>(loop, std::move(*socket), std::move(events), limits);
}

PipeConnection::PipeConnection(Loop& loop, Fd socket, Events events, PipeLimits limits)
    : socket_(std::move(socket)),
      events_(std::move(events)),
      limits_(limits),
      reader_(limits.frame_bytes),
      read_room_(kReadBytes),
      announce_(loop, [this](base::Instant) { announce(); }),
      watch_(std::make_unique<Watch>(
          loop, socket_.get(), [this] { on_readable(); }, [this] { on_writable(); })) {}

bool PipeConnection::send(base::Bytes frame) {
    if (closed_) return false;
    if (frame.size() > limits_.frame_bytes) {
        close("a frame to send is too long");
        return false;
    }
    const auto prefix = frame_prefix(frame.size());
    const size_t sent = write_now(prefix, frame);
    if (closed_) return false;
    if (sent == prefix.size() + frame.size()) return true;

    const base::Bytes unsent = after(prefix, sent);
    backlog_.insert(backlog_.end(), unsent.begin(), unsent.end());
    const base::Bytes rest = after(frame, sent - (prefix.size() - unsent.size()));
    backlog_.insert(backlog_.end(), rest.begin(), rest.end());
    watch_->want_writable(true);
    if (backlog_bytes() <= limits_.backlog_bytes) return true;
    close("the other end reads too slowly");
    return false;
}

// Returns how many bytes of the two the kernel took; none when others wait before them.
size_t PipeConnection::write_now(base::Bytes prefix, base::Bytes frame) {
    if (backlog_bytes() > 0) return 0;
    iovec parts[] = {to_iovec(prefix), to_iovec(frame)};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = std::size(parts);
    const ssize_t sent = sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (!is_later(errno)) close(std::strerror(errno));
    return 0;
}

void PipeConnection::close(std::string_view reason) {
    if (closed_) return;
    closed_ = true;
    reason_ = reason;
    watch_.reset();
    socket_ = Fd();
    backlog_ = {};
    backlog_sent_ = 0;
    announce_.set(base::Instant());  // long due: the next turn
}

int PipeConnection::peer_pid() const {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (closed_) return 0;
    return getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

void PipeConnection::announce() {
    const auto on_closed = std::move(events_.on_closed);
    const std::string reason = std::move(reason_);
    on_closed(reason);  // this may be gone now
}

void PipeConnection::on_readable() {
    const ssize_t got = recv(socket_.get(), read_room_.data(), read_room_.size(), MSG_DONTWAIT);
    if (got < 0 && is_later(errno)) return;
    if (got < 0) return close(std::strerror(errno));
    if (got == 0) return close("the other end closed");
    base::Bytes bytes(read_room_.data(), static_cast<size_t>(got));
    while (!closed_ && reader_.take(bytes)) events_.on_frame(reader_.body());
    if (reader_.too_long()) close("a frame is too long");
}

void PipeConnection::on_writable() {
    const base::Bytes waiting = after(backlog_, backlog_sent_);
    const ssize_t sent =
        ::send(socket_.get(), waiting.data(), waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        if (!is_later(errno)) close(std::strerror(errno));
        return;
    }
    backlog_sent_ += static_cast<size_t>(sent);
    if (backlog_sent_ == backlog_.size()) {
        backlog_.clear();
        backlog_sent_ = 0;
        watch_->want_writable(false);
    } else if (backlog_sent_ > backlog_.size() / 2) {
        backlog_.erase(backlog_.begin(), backlog_.begin() + static_cast<ptrdiff_t>(backlog_sent_));
        backlog_sent_ = 0;
    }
}

}  // namespace parley::shell
