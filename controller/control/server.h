#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "controller/control/messages.h"
#include "controller/core.h"

namespace parley::controller::control {

// The server around the controller, for what concerns its place among the others.
class Drainable {
public:
    virtual ~Drainable() = default;
    virtual void start_drain(Instant now, const StartDrain& wanted) = 0;
    virtual void stop_drain(Instant now) = 0;
    virtual DrainState drain_state(Instant now) const = 0;
};

// The controller's end of its control socket.
class Server {
public:
    using ClientId = uint64_t;  // of the shell's connection

    // Send `frame`; then close when there is a `close` reason.
    struct Answer {
        std::vector<uint8_t> frame;
        std::string close;
    };

    // What the controller's workers and peers must hear of it goes to `out`.
    Answer on_frame(Instant now, ClientId client, base::Bytes frame, Controller& controller,
                    Drainable& drainable, Outputs& out);
    void on_closed(ClientId client) { greeted_.erase(client); }

private:
    ReplyBody greet(ClientId client, const Hello& hello);

    std::set<ClientId> greeted_;
};

}  // namespace parley::controller::control
