#pragma once

#include <cstdint>
#include <vector>

#include "common/base/ensure.h"
#include "common/base/flat_map.h"

namespace parley::router {

// What an observer keeps of each producer, in one array. The caller remembers the slot of a
// producer, so that a level heard on the hot path is one write, and nothing is looked up.
template <typename Kept>
class ObserverSlots {
public:
    // The slot of a producer, a new one unless it has one. Slots of removed producers are used
    // again.
    uint32_t add(uint64_t producer) {
        if (const uint32_t* known = slot_of_.find(producer)) return *known;
        uint32_t slot = static_cast<uint32_t>(entries_.size());
        if (free_.empty()) {
            entries_.emplace_back();
        } else {
            slot = free_.back();
            free_.pop_back();
        }
        entries_[slot] = {producer, true, Kept{}};
        slot_of_.insert(producer, slot);
        return slot;
    }

    // A producer that is not known is ignored.
    void remove(uint64_t producer) {
        const uint32_t* slot = slot_of_.find(producer);
        if (!slot) return;
        entries_[*slot].used = false;
        free_.push_back(*slot);
        slot_of_.erase(producer);
    }

    // Nothing when the producer is not known.
    Kept* find(uint64_t producer) {
        const uint32_t* slot = slot_of_.find(producer);
        return slot ? &entries_[*slot].kept : nullptr;
    }

    // REQUIRES: a slot that add() gave.
    Kept& operator[](uint32_t slot) {
        ENSURE(slot < entries_.size());
        return entries_[slot].kept;
    }

    // In the order of slots: visit(producer, kept).
    template <typename Visit>
    void for_each(Visit visit) {
        for (Entry& entry : entries_) {
            if (entry.used) visit(entry.producer, entry.kept);
        }
    }

private:
    struct Entry {
        uint64_t producer = 0;
        bool used = false;
        Kept kept{};
    };

    std::vector<Entry> entries_;
    std::vector<uint32_t> free_;
    base::FlatMap<uint64_t, uint32_t> slot_of_;
};

}  // namespace parley::router
