#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/shell/pipe_connection.h"

namespace parley::shell {

// Listens on a Unix stream socket for those who send and want frames.
class PipeServer {
public:
    using ConnectionId = uint64_t;  // from 1, never used twice

    struct Events {
        std::function<void(ConnectionId)> on_connected;
        std::function<void(ConnectionId, base::Bytes frame)> on_frame;  // as in PipeConnection
        std::function<void(ConnectionId, std::string_view reason)> on_closed;  // once
    };

    // The error names the path. Rules for the socket's file: unix_socket.h. No more than
    // `connections` are served at a time: others are closed as they come.
    static base::Result<std::unique_ptr<PipeServer>, std::string> listen(
        Loop& loop, const std::string& path, size_t connections, Events events,
        PipeLimits limits = {});

    ~PipeServer();  // removes the file; calls nothing back

    // As PipeConnection's. False, and nothing, for an id that is gone.
    bool send(ConnectionId id, base::Bytes frame);
    void close(ConnectionId id, std::string_view reason);

    size_t connections() const { return connections_.size(); }

private:
    PipeServer(Loop& loop, std::string path, Fd socket, size_t most, Events events,
               PipeLimits limits);

    void on_readable();
    void add(Fd socket);
    void remove(ConnectionId id, std::string_view reason);

    Loop& loop_;
    std::string path_;
    Fd socket_;
    size_t most_;
    Events events_;
    PipeLimits limits_;
    ConnectionId last_id_ = 0;
    std::map<ConnectionId, std::unique_ptr<PipeConnection>> connections_;
    Watch watch_;
};

}  // namespace parley::shell
