#include "worker/router/speech_history.h"

#include <algorithm>

namespace parley::router {

namespace {

constexpr base::Duration kFrame = 20ms;

// Frames that a level stands for when none follows at once: packets of 60 ms have no holes.
constexpr int64_t kHeldFrames = 2;

// Frames of which the loudest is the immediate scale. The paper takes one, and decides at each;
// we decide seldom, and would miss a speaker who is between two syllables just then.
constexpr int kImmediateFrames = 3;

constexpr int kStepDb = 3;
constexpr uint8_t kActiveSteps = 4;   // a frame that stands out by 12 dB is active
constexpr int kActiveFrames = 3;      // and a block in which most frames are

// The noise follows its quietest moments down at once, and rises by 1 dB a second: slow enough
// not to follow a long sentence, quick enough for a fan that was switched on. Its bounds keep a
// noise gate from making breath stand out, and a steady loud sound from passing for a quiet room.
constexpr int8_t kNoiseMin = -70;
constexpr int8_t kNoiseMax = -45;
constexpr int8_t kDigitalSilence = -100;  // a muted microphone, which says nothing of the room

int64_t frame_of(base::Instant at) { return at.micros() / kFrame.count(); }

}  // namespace

void SpeechHistory::on_level(base::Instant now, int8_t dbov) {
    update_noise(dbov);
    const int steps = std::clamp((dbov - noise_dbov_) / kStepDb, 0, kImmediateParts);
    const int64_t frame = frame_of(now);
    advance(frame);
    auto activity = static_cast<uint8_t>(steps);
    uint8_t& place = activity_[static_cast<size_t>(frame % kFrames)];
    if (heard_frame_ == frame) activity = std::max(activity, place);
    place = activity;
    heard_activity_ = activity;
    heard_frame_ = frame;
}

void SpeechHistory::update_noise(int8_t dbov) {
    if (dbov <= kDigitalSilence) return;
    if (dbov < noise_dbov_) {
        noise_dbov_ = std::max(dbov, kNoiseMin);
        levels_until_rise_ = kLevelsPerRise;
    } else if (--levels_until_rise_ == 0) {
        noise_dbov_ = std::min<int8_t>(static_cast<int8_t>(noise_dbov_ + 1), kNoiseMax);
        levels_until_rise_ = kLevelsPerRise;
    }
}

// Fills the frames since the latest one: with what was last heard for a moment, then with silence.
void SpeechHistory::advance(int64_t frame) {
    for (int64_t next = std::max(frame_ + 1, frame - kFrames + 1); next <= frame; ++next) {
        const bool held = next - heard_frame_ <= kHeldFrames;
        activity_[static_cast<size_t>(next % kFrames)] = held ? heard_activity_ : uint8_t{0};
    }
    frame_ = std::max(frame_, frame);
}

SpeechCounts SpeechHistory::counts(base::Instant now) {
    advance(frame_of(now));
    SpeechCounts counts;
    for (int i = 0; i < kImmediateFrames; ++i) {
        const auto place = static_cast<size_t>((frame_ - i + kFrames) % kFrames);
        counts.immediate = std::max(counts.immediate, activity_[place]);
    }
    for (int block = 0; block < kLongParts; ++block) {
        int active = 0;
        for (int i = 0; i < kMediumParts; ++i) {
            const int64_t frame = frame_ - block * kMediumParts - i + kFrames;
            if (activity_[static_cast<size_t>(frame % kFrames)] >= kActiveSteps) ++active;
        }
        if (block == 0) counts.medium = static_cast<uint8_t>(active);
        if (active >= kActiveFrames) ++counts.long_term;
    }
    return counts;
}

}  // namespace parley::router
