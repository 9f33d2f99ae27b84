#include "router-service/promises.h"

#include <algorithm>
#include <vector>

namespace parley::router_service {

double Promises::Young::missing(base::Instant now) const {
    if (!reported) return seats;
    if (peers >= seats) return 0;
    const double left = static_cast<double>((placed + kFillTime - now).count());
    const double all = static_cast<double>(kFillTime.count());
    return (seats - peers) * std::clamp(left / all, 0.0, 1.0);
}

void Promises::on_placed(base::Instant now, uint64_t room, uint32_t seats) {
    on_gone(room);
    young_.insert(room, {.placed = now, .seats = seats});
    seats_ += seats;
    ++not_reported_;
}

void Promises::on_report(uint64_t room, uint32_t peers) {
    Young* young = young_.find(room);
    if (young == nullptr) return;
    if (!young->reported) --not_reported_;
    young->reported = true;
    young->peers = peers;
}

bool Promises::is_awaited(uint64_t room) const {
    const Young* young = young_.find(room);
    return young != nullptr && !young->reported;
}

void Promises::on_gone(uint64_t room) {
    const Young* young = young_.find(room);
    if (young == nullptr) return;
    // What it counts for depends on when it was last counted; a room that reported is small change
    // until the next count.
    if (!young->reported) {
        seats_ = std::max(0.0, seats_ - young->seats);
        --not_reported_;
    }
    young_.erase(room);
}

void Promises::on_deadline(base::Instant now) {
    std::vector<uint64_t> old;
    seats_ = 0;
    not_reported_ = 0;
    young_.for_each([&](uint64_t room, const Young& young) {
        if (young.placed + kFillTime <= now) {
            old.push_back(room);
            return;
        }
        seats_ += young.missing(now);
        not_reported_ += young.reported ? 0 : 1;
    });
    for (const uint64_t room : old) young_.erase(room);
    // An empty table keeps the size of its largest burst, and every beat goes through it.
    if (young_.empty()) young_ = {};
}

}  // namespace parley::router_service
