#include "router-service/decisions.h"

#include <utility>

namespace parley::router_service {

void Decisions::record(uint64_t room, DecisionRecord record) {
    if (kept_.size() < most_) {
        by_room_.insert(room, kept_.size());
        kept_.push_back({room, std::move(record)});
        return;
    }
    Kept& oldest = kept_[next_];
    const size_t* known = by_room_.find(oldest.room);
    if (known && *known == next_) by_room_.erase(oldest.room);
    oldest = {room, std::move(record)};
    by_room_.insert(room, next_);
    next_ = (next_ + 1) % most_;
}

const DecisionRecord* Decisions::find(uint64_t room) const {
    const size_t* place = by_room_.find(room);
    return place == nullptr ? nullptr : &kept_[*place].record;
}

}  // namespace parley::router_service
