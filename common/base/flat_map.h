#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "common/base/ensure.h"

namespace parley::base {

// Spreads the bits of a number over the whole word; good enough to take the low bits as a place.
constexpr uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

template <typename Key>
struct FlatHash {
    uint64_t operator()(const Key& key) const { return mix(static_cast<uint64_t>(key)); }
};

// One flat table, open addressing, linear probing, no tombstones (an erase shifts back). find()
// never allocates; insert() does when the table is more than three quarters full. It begins small:
// every listener has several. Not for iteration order: for_each visits in the order of places,
// which depends on the history of inserts alone and so is the same for the same seed.
template <typename Key, typename Value, typename Hash = FlatHash<Key>>
class FlatMap {
public:
    Value* find(const Key& key) {
        if (slots_.empty()) return nullptr;
        Slot& slot = slots_[place_of(key)];
        return slot.used ? &slot.value : nullptr;
    }
    const Value* find(const Key& key) const { return const_cast<FlatMap*>(this)->find(key); }
    bool contains(const Key& key) const { return find(key) != nullptr; }

    // Puts `value` under `key`, over what was there. The reference holds until the next change.
    Value& insert(const Key& key, Value value) {
        if (4 * (size_ + 1) > 3 * slots_.size()) grow();
        Slot& slot = slots_[place_of(key)];
        if (!slot.used) ++size_;
        slot = Slot{key, std::move(value), true};
        return slot.value;
    }

    bool erase(const Key& key) {
        if (slots_.empty()) return false;
        size_t hole = place_of(key);
        if (!slots_[hole].used) return false;
        const size_t mask = slots_.size() - 1;
        for (size_t next = (hole + 1) & mask; slots_[next].used; next = (next + 1) & mask) {
            const size_t wanted = Hash{}(slots_[next].key) & mask;
            if (((next - wanted) & mask) < ((next - hole) & mask)) continue;
            slots_[hole] = std::move(slots_[next]);
            hole = next;
        }
        slots_[hole] = Slot{};
        --size_;
        return true;
    }

    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    template <typename Visit>
    void for_each(Visit visit) {
        for (Slot& slot : slots_) {
            if (slot.used) visit(std::as_const(slot.key), slot.value);
        }
    }

private:
    struct Slot {
        Key key{};
        Value value{};
        bool used = false;
    };

    // The place of the key, or the free place where it would go.
    size_t place_of(const Key& key) const {
        const size_t mask = slots_.size() - 1;
        size_t place = Hash{}(key) & mask;
        while (slots_[place].used && !(slots_[place].key == key)) place = (place + 1) & mask;
        return place;
    }

    void grow() {
        std::vector<Slot> old = std::exchange(slots_, {});
        slots_.resize(old.empty() ? 4 : old.size() * 2);
        for (Slot& slot : old) {
            if (slot.used) slots_[place_of(slot.key)] = std::move(slot);
        }
    }

    std::vector<Slot> slots_;
    size_t size_ = 0;
};

}  // namespace parley::base
