#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/shell/fd.h"
#include "common/shell/frames.h"
#include "common/shell/loop.h"
#include "worker/limits.h"

namespace parley::shell {

struct PipeLimits {
    size_t frame_bytes = limits::kPipeFrameBytes;      // body of one frame, either way
    size_t backlog_bytes = limits::kPipeBacklogBytes;  // unsent, before the other end is given up
};

// One end of a Unix stream socket that carries frames (frames.h).
class PipeConnection {
public:
    struct Events {
        // `frame` is without its prefix, 8-byte aligned, borrowed. The connection may be closed in
        // this call, not destroyed.
        std::function<void(base::Bytes frame)> on_frame;
        // Once, whoever ended it, and never from inside a call of send() or close(). The connection
        // may be destroyed in this call.
        std::function<void(std::string_view reason)> on_closed;
    };

    // Connects to a socket that somebody listens on, which on one machine is at once or never. The
    // error says why not; trying again is the caller's affair.
    static base::Result<std::unique_ptr<PipeConnection>, std::string> connect(
        Loop& loop, const std::string& path, Events events, PipeLimits limits = {});

    PipeConnection(Loop& loop, Fd socket, Events events, PipeLimits limits);

    // Sends one frame, or keeps it until the other end reads. False when it is closed, or is closed
    // now because the frame is too long or too much is waiting.
    bool send(base::Bytes frame);

    // What is unsent is lost.
    void close(std::string_view reason);

    // Of the process at the other end, as the kernel knows it; 0 when closed.
    int peer_pid() const;

    size_t backlog_bytes() const { return backlog_.size() - backlog_sent_; }

private:
    void announce();
    void on_readable();
    void on_writable();
    size_t write_now(base::Bytes prefix, base::Bytes frame);

    Fd socket_;
    Events events_;
    PipeLimits limits_;
    bool closed_ = false;
    std::string reason_;
    FrameReader reader_;
    std::vector<uint8_t> read_room_;
    std::vector<uint8_t> backlog_;
    size_t backlog_sent_ = 0;  // of its front
    Timer announce_;
    std::unique_ptr<Watch> watch_;  // none when closed
};

}  // namespace parley::shell
