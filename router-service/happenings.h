#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "common/cluster/messages.h"
#include "common/json/json.h"
#include "router-service/outputs.h"

namespace parley::router_service {

using base::Instant;

// What happened lately, for whoever looks: what this replica said itself, and what the servers and
// the other replica told everybody. What comes again within a minute is counted, so that a lost
// server with ten thousand rooms is a line and not ten thousand; and what is said of a few servers
// is not said again of each of a thousand.
class Happenings {
public:
    static constexpr size_t kMost = 300;
    static constexpr size_t kTextBytes = 240;

    struct Happening {
        uint64_t number = 0;  // from 1, of this process
        Instant at = {};      // the latest time
        Level level = Level::Info;
        std::string text = {};
        std::string server = {};  // "" when it concerns none
        std::string room = {};    // the latest
        uint32_t times = 1;
        uint64_t version = 0;  // of the dashboard, when it changed last
    };

    // What a core logs: all warnings, and of the rest what is not about a single room.
    void on_log(Instant now, const Log& line, uint64_t version);
    // An event of a server, or of the other replica. Those of single peers are passed over.
    void on_event(Instant now, const cluster::Event& event, uint64_t version);
    void on_happening(Instant now, Happening happening);

    // Those that are newer than the version, in the order of their numbers: [[number, seconds since
    // 1970, level, text, server, room, times], ...].
    void write(JsonWriter& json, uint64_t since) const;

    const std::deque<Happening>& all() const { return all_; }

private:
    Happening* alike(Instant now, const Happening& happening);

    std::deque<Happening> all_;  // the oldest first
    uint64_t last_ = 0;
};

}  // namespace parley::router_service
