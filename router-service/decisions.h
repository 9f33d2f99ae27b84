#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/cluster/messages.h"

namespace parley::router_service {

// Why a room is where it is, for whoever asks.
struct DecisionRecord {
    base::Instant at;
    std::string server;  // id
    cluster::Epoch epoch = 0;
    std::string reasons;  // for people
    std::string before;   // the home that was lost, "" for a new room
};

// The latest decisions, one for each room, so many and no more: of older ones only the result is
// known, which is what the servers say.
class Decisions {
public:
    explicit Decisions(size_t most) : most_(most) {}

    void record(std::string_view room, DecisionRecord record);
    // nullptr: not decided here, or too long ago.
    const DecisionRecord* find(std::string_view room) const;
    size_t size() const { return by_room_.size(); }

private:
    struct Kept {
        DecisionRecord record;
        uint64_t number;
    };

    size_t most_;
    uint64_t last_ = 0;
    std::unordered_map<std::string, Kept> by_room_;
    std::deque<std::pair<std::string, uint64_t>> order_;  // oldest first; some superseded
};

}  // namespace parley::router_service
