#include "worker/rtp/missing_packets.h"

#include <algorithm>

#include "common/base/serial.h"
#include "worker/rtp/stream_map.h"

namespace parley::rtp {

using base::Instant;

bool MissingPackets::on_packet(Instant now, uint16_t sequence_number) {
    const int ahead = base::serial_distance(highest_, sequence_number);
    if (!started_ || ahead > kMaxDropout || ahead < -kMaxMisorder) {
        forget_all();
        started_ = true;
        highest_ = sequence_number;
        return false;
    }
    if (ahead <= 0) return count_ > 0 && take_out(sequence_number);
    if (ahead > 1) note(now, static_cast<uint16_t>(highest_ + 1), ahead - 1);
    highest_ = sequence_number;
    return false;
}

// Of a gap too wide for the table the newest part is kept: it is of use for longest.
void MissingPackets::note(Instant now, uint16_t from, int count) {
    const int skipped = std::max(0, count - static_cast<int>(missing_.size()));
    for (int i = skipped; i < count; ++i) {
        if (count_ == missing_.size()) {
            std::move(missing_.begin() + 1, missing_.end(), missing_.begin());
            --count_;
        }
        missing_[count_++] = {static_cast<uint16_t>(from + i), 0, now + limits::kOvertaken,
                              now + limits::kRepair};
    }
    set_next();
}

bool MissingPackets::take_out(uint16_t sequence_number) {
    const auto end = missing_.begin() + static_cast<ptrdiff_t>(count_);
    const auto found = std::find_if(missing_.begin(), end, [&](const Missing& each) {
        return each.sequence_number == sequence_number;
    });
    if (found == end) return false;
    std::move(found + 1, end, found);
    --count_;
    set_next();
    return true;
}

std::span<const uint16_t> MissingPackets::on_deadline(Instant now, base::Duration round_trip) {
    size_t asked = 0, kept = 0;
    newly_asked_ = 0;
    for (size_t i = 0; i < count_; ++i) {
        Missing& each = missing_[i];
        if (each.lost_at <= now) continue;
        if (each.ask_at <= now) {
            asked_[asked++] = each.sequence_number;
            if (each.asked == 0) ++newly_asked_;
            const Instant again = now + round_trip + limits::kOvertaken;
            const bool too_late = again + round_trip > each.lost_at;  // for its answer
            const bool last = ++each.asked == limits::kRepairTries || too_late;
            each.ask_at = last ? each.lost_at : again;
        }
        missing_[kept++] = each;
    }
    count_ = kept;
    set_next();
    return std::span(asked_).first(asked);
}

void MissingPackets::set_next() {
    next_ = Instant::never();
    for (size_t i = 0; i < count_; ++i) {
        next_ = std::min({next_, missing_[i].ask_at, missing_[i].lost_at});
    }
}

}  // namespace parley::rtp
