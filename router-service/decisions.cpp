#include "router-service/decisions.h"

#include <utility>

namespace parley::router_service {

void Decisions::record(std::string_view room, DecisionRecord record) {
    std::string name(room);
    by_room_.insert_or_assign(name, Kept{std::move(record), ++last_});
    order_.emplace_back(std::move(name), last_);
    while (order_.size() > most_) {
        const auto [oldest, number] = std::move(order_.front());
        order_.pop_front();
        const auto found = by_room_.find(oldest);
        if (found != by_room_.end() && found->second.number == number) by_room_.erase(found);
    }
}

const DecisionRecord* Decisions::find(std::string_view room) const {
    const auto found = by_room_.find(std::string(room));
    return found == by_room_.end() ? nullptr : &found->second.record;
}

}  // namespace parley::router_service
