#pragma once

#include <cstdint>
#include <vector>

#include "common/base/ensure.h"
#include "common/base/flat_map.h"
#include "common/base/time.h"

namespace parley::base {

// Many deadlines, one for each key; a binary heap, earliest first, that can move a key it holds.
// Keys of one instant come out in the order of the heap, which is the same for the same history.
template <typename Key, typename Hash = FlatHash<Key>>
class DeadlineQueue {
public:
    Instant next_deadline() const { return heap_.empty() ? Instant::never() : heap_[0].at; }

    // Moves the key to `at`, or puts it in. Instant::never() takes it out.
    void set(const Key& key, Instant at) {
        const uint32_t* known = places_.find(key);
        if (at.is_never()) {
            if (known) erase_at(*known);
            return;
        }
        if (!known) {
            heap_.push_back({at, key});
            rise(heap_.size() - 1);
            return;
        }
        const size_t place = *known;
        const bool later = at > heap_[place].at;
        heap_[place].at = at;
        later ? sink(place) : rise(place);
    }

    void erase(const Key& key) { set(key, Instant::never()); }

    // Takes out the earliest key whose time has come. False when there is none.
    bool pop_due(Instant now, Key& key) {
        if (heap_.empty() || heap_[0].at > now) return false;
        key = heap_[0].key;
        erase_at(0);
        return true;
    }

    size_t size() const { return heap_.size(); }

private:
    struct Entry {
        Instant at;
        Key key;
    };

    void put(size_t place, const Entry& entry) {
        heap_[place] = entry;
        places_.insert(entry.key, static_cast<uint32_t>(place));
    }

    void rise(size_t place) {
        const Entry entry = heap_[place];
        while (place > 0 && entry.at < heap_[(place - 1) / 2].at) {
            put(place, heap_[(place - 1) / 2]);
            place = (place - 1) / 2;
        }
        put(place, entry);
    }

    void sink(size_t place) {
        const Entry entry = heap_[place];
        for (size_t child = 2 * place + 1; child < heap_.size(); child = 2 * place + 1) {
            if (child + 1 < heap_.size() && heap_[child + 1].at < heap_[child].at) ++child;
            if (entry.at <= heap_[child].at) break;
            put(place, heap_[child]);
            place = child;
        }
        put(place, entry);
    }

    void erase_at(size_t place) {
        places_.erase(heap_[place].key);
        const Entry last = heap_.back();
        heap_.pop_back();
        if (place == heap_.size()) return;
        const bool later = last.at > heap_[place].at;
        heap_[place] = last;
        later ? sink(place) : rise(place);
    }

    std::vector<Entry> heap_;
    FlatMap<Key, uint32_t, Hash> places_;
};

}  // namespace parley::base
