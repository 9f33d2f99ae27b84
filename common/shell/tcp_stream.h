#pragma once

#include <optional>

#include "common/base/time.h"
#include "common/shell/fd.h"
#include "worker/net/address.h"
#include "worker/net/drop.h"
#include "worker/net/stream_frames.h"

namespace parley::shell {

// One TCP connection that carries datagrams, each behind its length (RFC 4571). It never waits, and
// allocates nothing once it is made.
class TcpStream {
public:
    // The socket does not block. Little is left unsent in the kernel from here on: what waits there
    // is late.
    TcpStream(Fd socket, const net::Path& path);

    int fd() const { return socket_.get(); }
    const net::Path& path() const { return path_; }

    enum class Read : uint8_t {
        Drained,  // all that was there
        More,     // perhaps
        Ended,    // closed by the other end, or broken
    };
    // Reads once; what it brought is then in frames().
    Read read();
    net::FrameCutter& frames() { return frames_; }

    // Puts it behind what waits. What can not wait is a counted drop.
    void push(base::Bytes datagram, net::Drops& drops);
    // Writes what the kernel takes. An error is not told here: the socket is shut down, and read()
    // finds its end.
    void flush(net::Drops& drops);
    bool waits() const { return !backlog_.empty(); }
    // What waits will never be written.
    void give_up(net::Drops& drops);

private:
    Fd socket_;
    net::Path path_;
    net::FrameCutter frames_;
    net::FrameBacklog backlog_;
    bool broken_ = false;
};

}  // namespace parley::shell
