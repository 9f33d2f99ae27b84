#pragma once

#include <string>
#include <vector>

#include "common/base/flat_map.h"
#include "common/cluster/messages.h"

namespace parley::router_service {

// Why a room is where it is, for whoever asks.
struct DecisionRecord {
    base::Instant at = {};
    std::string server = {};  // id
    cluster::Epoch epoch = 0;
    std::string reasons = {};  // for people
    std::string trace = {};    // trace-id of the command, or of the move
    std::string before = {};   // the home that was lost, "" for a new room
};

// The latest decisions, so many and no more: of older ones only the result is known, which is what
// the servers say. Rooms are named by the hash of their ids; server and epoch tell whether a
// decision is the one that holds.
class Decisions {
public:
    // REQUIRES: most > 0.
    explicit Decisions(size_t most) : most_(most) {}

    void record(uint64_t room, DecisionRecord record);
    // nullptr: not decided here, or too long ago.
    const DecisionRecord* find(uint64_t room) const;
    size_t size() const { return by_room_.size(); }

private:
    struct Kept {
        uint64_t room = 0;
        DecisionRecord record;
    };

    size_t most_;
    size_t next_ = 0;         // place of the oldest, once all are taken
    std::vector<Kept> kept_;  // a ring
    base::FlatMap<uint64_t, size_t> by_room_;
};

}  // namespace parley::router_service
