#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/base/time.h"
#include "worker/limits.h"

namespace parley::rtp {

// Which packets of one stream have not come, and when to ask its sender for them: once what was
// only overtaken has had its time to come, then again each time an answer should have been here,
// a few times, and no longer than it is of use. Nothing to wait for while nothing is missing.
// RFC 4585 §6.2.1, RFC 4588 §6.3.
class MissingPackets {
public:
    // Takes note of a packet that came, by whatever way. True: it had been missing.
    bool on_packet(base::Instant now, uint16_t sequence_number);

    // Those to ask for now, in their order on the circle; as many as limits::kMissingPackets.
    // `round_trip`: how long an answer takes. The span holds until the next call.
    std::span<const uint16_t> on_deadline(base::Instant now, base::Duration round_trip);
    base::Instant next_deadline() const { return next_; }

    // Of those that on_deadline() last said, how many for the first time.
    size_t newly_asked() const { return newly_asked_; }

    // What comes next begins a stream: nothing of it is missing.
    void reset() { started_ = false, forget_all(); }

private:
    struct Missing {
        uint16_t sequence_number;
        uint8_t asked;
        base::Instant ask_at;
        base::Instant lost_at;
    };

    void note(base::Instant now, uint16_t from, int count);
    bool take_out(uint16_t sequence_number);
    void forget_all() { count_ = 0, next_ = base::Instant::never(); }
    void set_next();

    std::array<Missing, limits::kMissingPackets> missing_;  // in their order on the circle
    std::array<uint16_t, limits::kMissingPackets> asked_;
    size_t count_ = 0;
    size_t newly_asked_ = 0;
    base::Instant next_ = base::Instant::never();
    uint16_t highest_ = 0;
    bool started_ = false;
};

}  // namespace parley::rtp
