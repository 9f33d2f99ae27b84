#pragma once

#include <array>
#include <cstdint>

#include "common/base/time.h"

namespace parley::router {

// Speech of one producer on three scales, as Volfin and Cohen 2012 count it: how many of so
// many parts were active.
struct SpeechCounts {
    uint8_t immediate = 0;  // of kImmediateParts: how far the latest frames stand out of noise
    uint8_t medium = 0;     // of kMediumParts: frames of the latest block
    uint8_t long_term = 0;  // of kLongParts: blocks of the latest second
};

constexpr int kImmediateParts = 13;
constexpr int kMediumParts = 5;
constexpr int kLongParts = 10;

// The last second of one producer's levels, in frames of 20 ms. The paper looks at sub-bands of
// the sound; an SFU does not decode, so that here a frame's activity is its level above the
// noise of its room, in steps of 3 dB.
class SpeechHistory {
public:
    // The hot path: one level, by RFC 6464, -127 to 0.
    void on_level(base::Instant now, int8_t dbov);

    // The scales as they stand now. A producer that sends nothing (DTX) is silent; one whose
    // packets are longer than a frame, or late, is not for that.
    SpeechCounts counts(base::Instant now);

    int8_t noise_dbov() const { return noise_dbov_; }

private:
    static constexpr int kFrames = kMediumParts * kLongParts;
    static constexpr uint8_t kLevelsPerRise = 50;  // of the noise

    void update_noise(int8_t dbov);
    void advance(int64_t frame);

    int64_t frame_ = 0;        // the latest that is filled in
    int64_t heard_frame_ = 0;  // the latest that had a level
    std::array<uint8_t, kFrames> activity_{};  // by frame number, modulo
    uint8_t heard_activity_ = 0;
    uint8_t levels_until_rise_ = kLevelsPerRise;
    int8_t noise_dbov_ = -55;  // of a room that nothing is known of
};

}  // namespace parley::router
