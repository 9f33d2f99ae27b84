#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/flat_map.h"

namespace parley::router_service {

// Spreads text over 64 bits. Room ids come from strangers: without the seed nobody can choose many
// that fall on one place.
inline uint64_t hash_text(uint64_t seed, std::string_view text) {
    uint64_t hash = seed ^ base::mix(text.size() + 1);
    while (!text.empty()) {
        uint64_t word = 0;
        const size_t size = text.size() < sizeof word ? text.size() : sizeof word;
        std::memcpy(&word, text.data(), size);
        hash = base::mix(hash ^ word) + seed;
        text.remove_prefix(size);
    }
    return base::mix(hash);
}

// From a hash to the places of a table that is kept elsewhere and knows its own keys: eight bytes
// for each, where a map would keep every key again. Open addressing, an erase shifts back.
class PlaceIndex {
public:
    // The place for which `is_it(place)` holds, among those of this hash.
    template <typename IsIt>
    std::optional<uint32_t> find(uint64_t hash, IsIt is_it) const {
        if (slots_.empty()) return std::nullopt;
        for (size_t at = hash & mask();; at = (at + 1) & mask()) {
            const Slot& slot = slots_[at];
            if (slot.place == kFree) return std::nullopt;
            if (slot.hash == low(hash) && is_it(slot.place)) return slot.place;
        }
    }

    // REQUIRES: the place is not in it, and is not the greatest there could be.
    void insert(uint64_t hash, uint32_t place) {
        if (4 * (size_ + 1) > 3 * slots_.size()) grow();
        put({low(hash), place});
        ++size_;
    }

    // REQUIRES: the place is in it under that hash.
    void erase(uint64_t hash, uint32_t place) {
        size_t hole = hash & mask();
        while (slots_[hole].place != place) {
            ENSURE(slots_[hole].place != kFree);
            hole = (hole + 1) & mask();
        }
        for (size_t next = (hole + 1) & mask(); slots_[next].place != kFree;
             next = (next + 1) & mask()) {
            const size_t wanted = slots_[next].hash & mask();
            if (((next - wanted) & mask()) < ((next - hole) & mask())) continue;
            slots_[hole] = slots_[next];
            hole = next;
        }
        slots_[hole] = Slot{};
        --size_;
    }

    size_t size() const { return size_; }
    size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

private:
    static constexpr uint32_t kFree = UINT32_MAX;
    struct Slot {
        uint32_t hash = 0;  // its low bits, which choose the place too: up to 2^32 slots
        uint32_t place = kFree;
    };

    static uint32_t low(uint64_t hash) { return static_cast<uint32_t>(hash); }
    size_t mask() const { return slots_.size() - 1; }

    void put(Slot slot) {
        size_t at = slot.hash & mask();
        while (slots_[at].place != kFree) at = (at + 1) & mask();
        slots_[at] = slot;
    }

    void grow() {
        const std::vector<Slot> old = std::exchange(slots_, {});
        slots_.resize(old.empty() ? 4 : old.size() * 2);
        for (const Slot& slot : old) {
            if (slot.place != kFree) put(slot);
        }
    }

    std::vector<Slot> slots_;
    size_t size_ = 0;
};

}  // namespace parley::router_service
