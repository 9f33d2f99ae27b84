#include "worker/rtp/stream_map.h"

#include <algorithm>

namespace parley::rtp {

StreamMap::StreamMap(uint32_t clock_rate, uint16_t first_sequence_number, uint32_t first_timestamp)
    : last_timestamp_(first_timestamp),
      clock_rate_(clock_rate),
      last_sequence_number_(static_cast<uint16_t>(first_sequence_number - 1)) {}

// Nothing of the source has been seen before the first run: there the offsets are still zero, and
// last_sequence_number_ and last_timestamp_ are the consumer's own.
void StreamMap::begin_run(base::Instant now, uint16_t sequence_number, uint32_t timestamp) {
    const uint32_t begin = last_timestamp_ + (started_ ? ticks_since_last(now) : 0);
    const int next = last_sequence_number_ + sequence_number_offset_ + 1;
    sequence_number_offset_ = static_cast<uint16_t>(next - sequence_number);
    timestamp_offset_ = begin - timestamp;
    last_sequence_number_ = sequence_number;
    last_timestamp_ = begin;
    last_at_ = now;
    reach_ = 0;
    fresh_ = false;
    started_ = true;
}

// At least the 20 ms of a common frame: the last packet's sound has to end before the next one's
// begins, even when a source takes over within one turn.
uint32_t StreamMap::ticks_since_last(base::Instant now) const {
    const int64_t ticks = (now - last_at_).count() * clock_rate_ / 1'000'000;
    return static_cast<uint32_t>(std::max<int64_t>(ticks, clock_rate_ / 50));
}

}  // namespace parley::rtp
