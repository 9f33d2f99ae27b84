#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/random.h"
#include "common/base/time.h"

namespace parley::sim {

// When something was said. A spurt is what is said without a pause.
struct Said {
    base::Instant at;
    uint32_t spurt = 0;
    bool voice = false;
};

// A person at a microphone, and the encoder behind it: 20 ms frames while somebody speaks, and with
// DTX a frame of comfort noise every 400 ms while nobody does.
class Mouth {
public:
    static constexpr base::Duration kFrame = 20ms;
    static constexpr base::Duration kComfortNoise = 400ms;

    struct Frame {
        uint32_t number;     // into said()
        uint32_t timestamp;  // RTP, 48 kHz
        bool first_of_spurt;
        bool voice;
    };

    Mouth(base::SeededRandom random, base::Instant now);

    // Speaks for so long from now on; longer, when it speaks already.
    void speak(base::Instant now, base::Duration how_long);
    void fall_silent(base::Instant now) { speaks_until_ = now; }

    // Muted, nothing of what is spoken is said.
    void set_muted(bool muted) { muted_ = muted; }
    bool muted() const { return muted_; }

    // The next frame. REQUIRES: the deadline has come.
    Frame on_deadline(base::Instant now);
    base::Instant next_deadline() const { return next_; }

    const std::vector<Said>& said() const { return said_; }

private:
    base::SeededRandom random_;
    base::Instant began_;
    base::Instant next_;
    base::Instant speaks_until_;
    uint32_t first_timestamp_;
    bool muted_ = false;
    bool in_spurt_ = false;
    uint32_t spurt_ = 0;
    std::vector<Said> said_;
};

}  // namespace parley::sim
