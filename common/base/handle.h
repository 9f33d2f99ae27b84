#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/ensure.h"

namespace parley::base {

// Names one T in a Slab: an index and the generation that the place had when T moved in. A handle
// to something that is gone is a miss, never another thing. The default handle names nothing.
template <typename T>
struct Handle {
    uint32_t index = 0;
    uint32_t generation = 0;

    bool operator==(const Handle&) const = default;
    explicit operator bool() const { return generation != 0; }
};

// Owns its Ts at addresses that do not change, and gives out handles to them.
// Odd generations are taken, even ones free.
template <typename T>
class Slab {
public:
    // Puts in what `make(handle)` returns, a std::unique_ptr<T>: the thing may know its own name.
    template <typename Make>
    Handle<T> insert(Make make) {
        if (free_.empty()) {
            free_.push_back(static_cast<uint32_t>(slots_.size()));
            slots_.emplace_back();
        }
        const uint32_t index = free_.back();
        free_.pop_back();
        Slot& slot = slots_[index];
        ++slot.generation;
        const Handle<T> handle{index, slot.generation};
        std::unique_ptr<T> made = make(handle);
        slots_[index].value = std::move(made);
        ++size_;
        return handle;
    }

    // Returns nullptr when the handle is stale. The slab keeps ownership.
    T* find(Handle<T> handle) const {
        if (handle.index >= slots_.size()) return nullptr;
        const Slot& slot = slots_[handle.index];
        return slot.generation == handle.generation ? slot.value.get() : nullptr;
    }

    // Destroys what the handle names; false when it is stale.
    bool erase(Handle<T> handle) {
        if (find(handle) == nullptr) return false;
        Slot& slot = slots_[handle.index];
        ++slot.generation;
        const std::unique_ptr<T> gone = std::move(slot.value);
        free_.push_back(handle.index);
        --size_;
        return true;
    }

    size_t size() const { return size_; }

    // Calls `visit(T&)` on each, in the order of their places. Nothing may be inserted or erased.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (const Slot& slot : slots_) {
            if (slot.value) visit(*slot.value);
        }
    }

private:
    struct Slot {
        std::unique_ptr<T> value;
        uint32_t generation = 0;
    };

    std::vector<Slot> slots_;
    std::vector<uint32_t> free_;
    size_t size_ = 0;
};

}  // namespace parley::base
