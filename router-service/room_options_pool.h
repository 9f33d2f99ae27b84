#pragma once

#include <cstdint>
#include <vector>

#include "common/cluster/room_options.h"
#include "router-service/place_index.h"

namespace parley::router_service {

// Options that many rooms share are kept once: a service's rooms mostly differ in their ids alone.
class RoomOptionsPool {
public:
    explicit RoomOptionsPool(uint64_t seed) : seed_(seed) {}

    // Each take() is to be given back with release().
    uint32_t take(const cluster::RoomOptions& options);
    void release(uint32_t place);

    const cluster::RoomOptions& operator[](uint32_t place) const { return kept_[place].options; }
    size_t size() const { return by_value_.size(); }
    size_t bytes() const;

private:
    struct Kept {
        cluster::RoomOptions options;
        uint32_t uses = 0;
    };

    uint64_t hash(const cluster::RoomOptions& options) const;

    uint64_t seed_;
    std::vector<Kept> kept_;
    std::vector<uint32_t> free_;
    PlaceIndex by_value_;
};

}  // namespace parley::router_service
