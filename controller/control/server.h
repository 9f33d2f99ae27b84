#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "controller/control/messages.h"
#include "controller/core.h"

namespace parley::controller::control {

// The server around the controller, for what concerns its place among the others.
class Place {
public:
    virtual ~Place() = default;
    virtual void start_drain(Instant now, const StartDrain& wanted) = 0;
    virtual void stop_drain(Instant now) = 0;
    virtual DrainState drain_state(Instant now) const = 0;

    virtual const std::string& server_id() const = 0;  // "": it stands alone
    virtual bool can_ask_others() const = 0;           // now
    // The server whose room it is, as far as is known here; "" when it is not.
    virtual std::string home_of(std::string_view room) const = 0;
};

// What has to be asked before a request can be answered.
using RequestId = uint32_t;
struct Errand {
    RequestId request = 0;
    cluster::Command command = {};  // for whoever takes commands
    std::string about = {};         // id of the room or server
};

// The controller's end of its control socket.
class Server {
public:
    using ClientId = uint64_t;  // of the shell's connection

    // Send `frame`; then close when there is a `close` reason.
    struct Answer {
        std::vector<uint8_t> frame;
        std::string close;
        std::vector<Errand> errands = {};
    };

    // What the controller's workers and peers must hear of it goes to `out`.
    Answer on_frame(Instant now, ClientId client, base::Bytes frame, Controller& controller,
                    Place& place, Outputs& out);
    void on_closed(ClientId client) { greeted_.erase(client); }

    // What came of an errand, as a frame for whoever waits; nothing: nobody answered in time.
    static std::vector<uint8_t> on_answer(const Errand& errand,
                                          const std::optional<cluster::Answer>& answer);

    // A frame for whoever asked for the dump. Nobody when `client` is 0.
    struct Delivery {
        ClientId client = 0;
        std::vector<uint8_t> frame = {};
    };
    Delivery on_dumped(const Dumped& dumped);

private:
    ReplyBody greet(ClientId client, const Hello& hello);
    DumpId begin_dump_of(ClientId client, const Request& request);

    struct Waiting {
        ClientId client;
        RequestId request;
    };

    std::set<ClientId> greeted_;
    DumpId last_dump_ = 0;
    std::map<DumpId, Waiting> dumps_;  // who asked for them
};

}  // namespace parley::controller::control
