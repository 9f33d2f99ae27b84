#include "tests/sim/link.h"

#include <algorithm>

namespace parley::sim {

Arrivals Link::carry(base::Instant now, size_t size) {
    Arrivals arrivals;
    base::Instant leaves = now;
    if (conditions.bandwidth_bps > 0) {
        const base::Instant begins = std::max(now, free_at_);
        if (begins - now > conditions.queue) return arrivals;
        const uint64_t micros = size * 8 * 1'000'000 / conditions.bandwidth_bps;
        leaves = free_at_ = begins + base::Duration(static_cast<int64_t>(micros));
    }
    // A lossy line spends its bandwidth on what it loses, too.
    if (random_.unit() < conditions.loss) return arrivals;
    arrivals.add(arrival(leaves));
    if (random_.unit() < conditions.duplication) arrivals.add(arrival(leaves));
    return arrivals;
}

base::Instant Link::arrival(base::Instant leaves) {
    base::Instant at = leaves + conditions.delay;
    if (conditions.jitter > 0us) {
        const uint64_t bound = static_cast<uint64_t>(conditions.jitter.count());
        at += base::Duration(static_cast<int64_t>(random_.below(bound)));
    }
    if (random_.unit() < conditions.reordering) return at + conditions.held_back;
    return latest_ = std::max(at, latest_);
}

}  // namespace parley::sim
