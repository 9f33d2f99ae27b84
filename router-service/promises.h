#pragma once

#include <cstdint>

#include "common/base/flat_map.h"
#include "common/base/time.h"

namespace parley::router_service {

// How long a room is thought to fill, after which the peers that it has are all that it will have.
constexpr base::Duration kFillTime = 30s;

// The seats of one server that its measured load does not show yet: those of rooms that it was
// given and has not reported, and those that rooms which are still filling will need. Rooms are
// named by the hash of their ids.
class Promises {
public:
    // The room was placed here and is expected to have so many peers soon.
    void on_placed(base::Instant now, uint64_t room, uint32_t seats);

    // The server says how many of them are there. Nothing for a room that was not promised.
    void on_report(uint64_t room, uint32_t peers);

    // It was closed, or never came to be here.
    void on_gone(uint64_t room);

    // Counts anew; a room older than kFillTime promises nothing any more.
    void on_deadline(base::Instant now);

    bool contains(uint64_t room) const { return young_.contains(room); }
    bool is_awaited(uint64_t room) const;  // and was not reported
    double seats() const { return seats_; }
    size_t rooms_not_reported() const { return not_reported_; }

private:
    struct Young {
        base::Instant placed = {};
        uint32_t seats = 0;
        uint32_t peers = 0;
        bool reported = false;

        double missing(base::Instant now) const;
    };

    base::FlatMap<uint64_t, Young> young_;
    double seats_ = 0;
    size_t not_reported_ = 0;
};

}  // namespace parley::router_service
