#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/handle.h"
#include "controller/core.h"
#include "controller/rooms/peer.h"

namespace parley::controller::rooms {

// Room and peer ids are 1 to 64 characters of [A-Za-z0-9_.:-].
bool valid_id(std::string_view id);

struct Room {
    std::string id;
    RoomOptions options;
    Instant created;
    cluster::Epoch epoch = 1;  // of this server as its home

    std::optional<WorkerIndex> worker;  // nothing while no worker runs that could carry it
    uint64_t router = 0;
    uint64_t level_observer = 0;
    uint64_t speaker_observer = 0;

    std::map<std::string, base::Handle<Member>, std::less<>> peers;
    std::map<uint32_t, base::Handle<Member>> speakers;  // the same, by their csrc
    uint32_t last_csrc = 0;
    uint64_t events = 0;  // numbered so far

    // Who talks now. The dominant speaker stays dominant through silence.
    std::string dominant;                  // peer id; "" before anybody was
    std::string talking;                   // what clients were told last; "" is silence
    std::map<std::string, int8_t> levels;  // dBov by peer, in the last report; empty is silence

    // Whether one more peer fits. The stricter limit holds; 0 is none.
    bool full(uint32_t most_peers) const;
};

}  // namespace parley::controller::rooms
