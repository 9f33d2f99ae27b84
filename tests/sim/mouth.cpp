#include "tests/sim/mouth.h"

#include <algorithm>

#include "common/base/ensure.h"

namespace parley::sim {

// Microphones do not begin in step with each other.
Mouth::Mouth(base::SeededRandom random, base::Instant now)
    : random_(random),
      began_(now),
      next_(now + base::Duration(static_cast<int64_t>(random_.below(kFrame.count())))),
      speaks_until_(now),
      first_timestamp_(random_.u32()) {}

void Mouth::speak(base::Instant now, base::Duration how_long) {
    speaks_until_ = std::max(speaks_until_, now + how_long);
    // Back from comfort noise to the raster of the frames. The frame of this very moment may have
    // been said already.
    const base::Duration ahead = next_ - now;
    if (ahead > kFrame) next_ = now + (ahead == kComfortNoise ? kFrame : ahead % kFrame);
}

Mouth::Frame Mouth::on_deadline(base::Instant now) {
    ENSURE(now >= next_);
    const bool voice = !muted_ && next_ < speaks_until_;
    const bool first = voice && !in_spurt_;
    if (first) ++spurt_;
    in_spurt_ = voice;
    const auto ticks = (next_ - began_).count() * 48 / 1'000;
    const Frame frame{
        .number = static_cast<uint32_t>(said_.size()),
        .timestamp = first_timestamp_ + static_cast<uint32_t>(ticks),
        .first_of_spurt = first,
        .voice = voice,
    };
    said_.push_back({now, spurt_, voice});
    const bool goes_on = voice || (next_ < speaks_until_ && muted_);
    next_ += goes_on ? kFrame : kComfortNoise;
    return frame;
}

}  // namespace parley::sim
