#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/handle.h"
#include "controller/core.h"
#include "controller/rooms/peer.h"

namespace parley::controller::rooms {

// Room and peer ids are 1 to 64 characters of [A-Za-z0-9_.:-].
bool valid_id(std::string_view id);

// The voices of a room that cross from one worker to another.
struct Lane {
    uint32_t streams = 0;
    PipeRule rule = {};  // which of them, as far as the worker was told
    bool told = true;    // false: by a controller before this one, so that it is not known
};

// What carries a room in one worker.
struct Router {
    uint64_t id = 0;
    WorkerIndex worker = 0;
    LentWorker loan = {};  // of whom, when it is not ours
    std::string reasons;   // why this worker, for people
    uint64_t level_observer = 0;
    uint64_t speaker_observer = 0;

    uint32_t peers = 0;   // whose transports are, or will be, in it
    Instant empty_since;  // while there are none

    std::map<WorkerIndex, Lane> lanes;  // to other workers

    std::map<std::string, int8_t> levels;  // as Room's, of those who speak into this one
    std::string dominant;                  // of all whom it hears; "" before anybody was
};

struct Room {
    std::string id;
    RoomOptions options;
    Instant created;
    cluster::Epoch epoch = 1;  // of this server as its home
    std::string trace;         // trace-id of the request that made it

    // At most one in a worker, the oldest first; none while no worker runs.
    std::vector<Router> routers;

    std::map<std::string, base::Handle<Member>, std::less<>> peers;
    std::map<uint32_t, base::Handle<Member>> speakers;  // the same, by their csrc
    uint64_t events = 0;                                // numbered so far

    // Who talks now. The dominant speaker stays dominant through silence.
    std::string dominant;                  // peer id; "" before anybody was
    std::string talking;                   // what clients were told last; "" is silence
    std::map<std::string, int8_t> levels;  // dBov by peer, in the last reports; empty is silence
    Instant levels_told;

    bool awaits_pipe_rules = false;

    Router* router_in(WorkerIndex worker);  // nullptr: none
    const Router* router_in(WorkerIndex worker) const;

    // Whether one more peer fits. The stricter limit holds; 0 is none.
    bool full(uint32_t most_peers) const;
};

}  // namespace parley::controller::rooms
