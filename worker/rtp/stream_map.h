#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/base/serial.h"
#include "common/base/time.h"

namespace parley::rtp {

// From how far ahead or behind a sequence number means that its sender began anew, and not that
// packets were lost or late. RFC 3550 A.1.
constexpr int kMaxDropout = 3000;
constexpr int kMaxMisorder = 100;

struct Mapped {
    uint16_t sequence_number;
    uint32_t timestamp;

    bool operator==(const Mapped&) const = default;
};

// The numbering of one consumer: carries a source's sequence numbers and timestamps over to its
// own, which never break. Gaps of the source (loss, and the timestamps of DTX) stay gaps, late
// packets fill them, and the same packet always maps to the same numbers.
//
// A run is a stretch with one pair of offsets. A new run begins with the first packet after
// restart(), and by itself where the source begins anew. It goes on at the last sequence number
// plus one, and at a timestamp as much later as time has passed since: what was not forwarded then
// sounds like silence, not like loss.
class StreamMap {
public:
    // The numbers that the first packet gets; random ones, RFC 3550 §5.1. `clock_rate` in Hz,
    // at most 1 MHz.
    StreamMap(uint32_t clock_rate, uint16_t first_sequence_number, uint32_t first_timestamp);

    // The consumer's numbers for a source packet; nothing for one from before the run began.
    // REQUIRES: a packet that ReceiveStatistics did not call Probation, or one jump of a stray
    // packet would begin a run.
    std::optional<Mapped> map(base::Instant now, uint16_t sequence_number, uint32_t timestamp);

    // Where one of the consumer's numbers came from; nothing unless it is of this run and was given
    // by now.
    struct Source {
        uint16_t sequence_number;
        uint32_t timestamp_offset;  // what was added to its timestamp
    };
    std::optional<Source> source_of(uint16_t sequence_number) const {
        const auto source = static_cast<uint16_t>(sequence_number - sequence_number_offset_);
        const int ahead = base::serial_distance(last_sequence_number_, source);
        if (fresh_ || ahead > 0 || ahead < -reach_) return std::nullopt;
        return Source{source, timestamp_offset_};
    }

    // The next packet begins a new run: after a pause, or because the source is another one.
    void restart() { fresh_ = true; }

    // What is added to a source timestamp in this run; for the sender reports of the consumer.
    uint32_t timestamp_offset() const { return timestamp_offset_; }

private:
    void begin_run(base::Instant now, uint16_t sequence_number, uint32_t timestamp);
    uint32_t ticks_since_last(base::Instant now) const;

    base::Instant last_at_;    // when the newest packet of the run was mapped
    uint32_t last_timestamp_;  // the consumer's timestamp of that packet
    uint32_t timestamp_offset_ = 0;
    uint32_t clock_rate_;
    uint16_t last_sequence_number_;  // the source's sequence number of that packet
    uint16_t sequence_number_offset_ = 0;
    uint8_t reach_ = 0;  // how far back the run goes, up to kMaxMisorder
    bool fresh_ = true;
    bool started_ = false;
};

static_assert(sizeof(StreamMap) <= 32);

inline std::optional<Mapped> StreamMap::map(base::Instant now, uint16_t sequence_number,
                                            uint32_t timestamp) {
    const int ahead = base::serial_distance(last_sequence_number_, sequence_number);
    if (fresh_ || ahead > kMaxDropout || ahead < -kMaxMisorder) {
        begin_run(now, sequence_number, timestamp);
    } else if (ahead > 0) {
        reach_ = static_cast<uint8_t>(std::min(reach_ + ahead, kMaxMisorder));
        last_sequence_number_ = sequence_number;
        last_timestamp_ = timestamp + timestamp_offset_;
        last_at_ = now;
    } else if (ahead < -reach_) {
        return std::nullopt;
    }
    return Mapped{static_cast<uint16_t>(sequence_number + sequence_number_offset_),
                  timestamp + timestamp_offset_};
}

}  // namespace parley::rtp
