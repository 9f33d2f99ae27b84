#pragma once

#include <cstddef>

namespace parley::router {

class Consumer;

// The slots in which one voice is heard now. A list through the consumers themselves: who has the
// floor changes on the hot path, where nothing allocates. It owns none of them.
class Audience {
public:
    bool empty() const { return first_ == nullptr; }
    size_t size() const { return size_; }

    // REQUIRES: a slot that is in no audience; one that is in this.
    void add(Consumer& slot);
    void remove(Consumer& slot);

    Consumer* first() const { return first_; }
    static Consumer* after(const Consumer& slot);  // nullptr: it is the last

    // visit(slot), which may take the slot out.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (Consumer* slot = first_; slot != nullptr;) {
            Consumer* const next = after(*slot);
            visit(*slot);
            slot = next;
        }
    }

private:
    Consumer* first_ = nullptr;
    size_t size_ = 0;
};

}  // namespace parley::router
