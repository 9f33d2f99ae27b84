#pragma once

#include <array>
#include <cstdint>

#include "common/json/json.h"
#include "router-service/picture.h"
#include "router-service/scale.h"

namespace parley::router_service {

// The last hour of the fleet, one look every ten seconds. Of fixed size: whoever hears the beats
// can afford it, so both replicas have it.
class Trends {
public:
    static constexpr Duration kInterval = 10s;
    static constexpr size_t kMost = 361;  // an hour, with both its ends

    struct Look {
        Instant at = {};
        float load = 0;      // predicted, in cores
        float capacity = 0;  // of those that take rooms, in cores
        float expected = 0;  // load when a server asked for now would be there
        uint32_t people = 0;
        uint32_t rooms = 0;
        uint32_t present = 0;  // servers
        uint32_t wanted = 0;
        uint64_t version = 0;  // of the dashboard, when it was taken
    };

    // Keeps one look of each interval. True when this was one.
    bool on_sample(Instant now, const Picture& picture, const ScaleSignal& scale, uint64_t version);

    // Looks newer than the version, the oldest first: [[seconds since 1970, load, capacity,
    // expected, people, rooms, present, wanted], ...].
    void write(JsonWriter& json, uint64_t since) const;

    size_t size() const { return size_; }
    const Look& operator[](size_t at) const { return looks_[(first_ + at) % kMost]; }

private:
    std::array<Look, kMost> looks_;  // a ring
    size_t first_ = 0;               // the oldest
    size_t size_ = 0;
};

}  // namespace parley::router_service
