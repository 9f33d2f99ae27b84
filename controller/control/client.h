#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.h"
#include "controller/control/messages.h"
#include "controller/control/top.h"

namespace parley::controller::control {

// What parleyctl was asked to do.
struct Command {
    enum class Verb : uint8_t {
        Rooms,
        Room,
        Peers,
        Workers,
        Close,
        Kick,
        Mute,
        Unmute,
        Top,
        Drain,
        Undrain,
        Why,
        Dump
    };

    Verb verb = Verb::Rooms;
    std::string room = {}, peer = {}, reason = {};
    bool json = false;
    bool once = false;  // Top: one table, then end
    // Drain: say how far it is until it is done.
    bool wait = false;
    StartDrain drain = {};  // Undrain: its server
};

// What parleyctl is to do next.
struct Step {
    std::string print = {};             // on standard output
    std::string complain = {};          // on standard error
    std::vector<uint8_t> send = {};     // a frame; none when empty
    std::optional<int> exit_code = {};  // the end
};

// parleyctl without its socket and its terminal.
class Client {
public:
    explicit Client(Command command);

    Step start(Instant now);  // once, when the connection stands
    Step on_frame(Instant now, base::Bytes frame);
    Step on_deadline(Instant now);
    Instant next_deadline() const { return next_sample_; }

private:
    Step on_reply(Instant now, const ReplyBody& body);
    Step on_rooms(Instant now, const Rooms& page);
    Step on_peers(Instant now, const Peers& page);
    Step on_workers(Instant now, const Workers& reply);
    Step on_drain(Instant now, const DrainState& state);
    Step on_report(const Report& report) const;
    Step ask(RequestBody body);
    RequestBody first_request() const;

    Command command_;
    bool greeted_ = false;
    std::vector<RoomLine> rooms_;  // of the pages so far
    std::vector<PeerInfo> peers_;
    Top top_;
    std::string drain_told_;
    bool drain_seen_ = false;  // another server's drain shows a beat after it began
    Instant next_sample_ = Instant::never();
};

}  // namespace parley::controller::control
