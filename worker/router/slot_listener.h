#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "worker/router/consumer.h"
#include "worker/router/seating.h"

namespace parley::router {

// Whom a listener wants to hear, or not, whoever is loud. By the csrc of the speakers.
struct SlotRules {
    std::vector<uint32_t> muted;
    std::vector<uint32_t> pinned;  // the first is the dearest
};

// One who hears the loudest in a fixed number of slots.
struct SlotListener {
    uint64_t transport = 0;
    uint32_t self = 0;  // its own csrc, which it never hears; 0: it does not speak
    SlotRules rules;

    struct Slot {
        Consumer* consumer;      // the router's
        uint32_t told_csrc = 0;  // who the controller believes has it; 0: nobody
    };
    std::vector<Slot> slots;
    std::array<Speakers::Number, limits::kSlotsPerTransport> seats{};  // who has which slot

    std::vector<Speakers::Number> pinned;  // those of rules.pinned that there are
    size_t depth = 0;  // how many ranks were looked at: what changes behind them does not matter

    // Nothing of this voice is for this listener: it is its own, or muted.
    bool refuses(const Producer& producer) const;
};

}  // namespace parley::router
