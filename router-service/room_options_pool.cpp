#include "router-service/room_options_pool.h"

namespace parley::router_service {

uint64_t RoomOptionsPool::hash(const cluster::RoomOptions& options) const {
    uint64_t hash = base::mix(seed_ ^ options.max_peers);
    hash = base::mix(hash ^ static_cast<uint64_t>(options.empty_timeout.count()));
    hash = hash_text(hash, options.metadata);
    hash = hash_text(hash, options.region);
    return hash_text(hash, options.anti_affinity);
}

uint32_t RoomOptionsPool::take(const cluster::RoomOptions& options) {
    const uint64_t key = hash(options);
    const auto known =
        by_value_.find(key, [&](uint32_t at) { return kept_[at].options == options; });
    if (known) {
        ++kept_[*known].uses;
        return *known;
    }
    if (free_.empty()) {
        free_.push_back(static_cast<uint32_t>(kept_.size()));
        kept_.emplace_back();
    }
    const uint32_t place = free_.back();
    free_.pop_back();
    kept_[place] = {options, 1};
    by_value_.insert(key, place);
    return place;
}

void RoomOptionsPool::release(uint32_t place) {
    Kept& kept = kept_[place];
    ENSURE(kept.uses > 0);
    if (--kept.uses > 0) return;
    by_value_.erase(hash(kept.options), place);
    kept = {};
    free_.push_back(place);
}

size_t RoomOptionsPool::bytes() const {
    return kept_.capacity() * sizeof(Kept) + by_value_.bytes();
}

}  // namespace parley::router_service
