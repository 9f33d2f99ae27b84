#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/base/time.h"
#include "worker/router/observer_slots.h"
#include "worker/router/volume.h"

namespace parley::router {

// Says once an interval who is heard, and how loud. Knows producers by their ids only.
class AudioLevelObserver {
public:
    // With fewer levels in an interval a mean says too little: 200 ms of speech at 20 ms a packet.
    static constexpr uint32_t kLevelsMin = 10;

    struct Options {
        base::Duration interval;  // more than zero
        int8_t threshold_dbov;    // a mean below this is not reported
        size_t max_entries;
    };

    AudioLevelObserver(Options options, base::Instant now);

    // The slot by which on_level() knows the producer, until it is removed.
    uint32_t add(uint64_t producer);
    void remove(uint64_t producer);

    // Levels of a paused producer do not count, nor those it had in the interval before.
    void set_paused(uint64_t producer, bool paused);

    // The hot path. REQUIRES: a slot of add() whose producer was not removed.
    void on_level(uint32_t slot, int8_t dbov);

    // Ends the interval and puts the loudest into `out`, loudest first, over what was there. True
    // when there is something to say: volumes, or that nobody is heard any more (`out` is empty),
    // which is said once.
    bool on_deadline(base::Instant now, std::vector<Volume>& out);
    base::Instant next_deadline() const { return deadline_; }
    int8_t threshold_dbov() const { return options_.threshold_dbov; }

private:
    struct Levels {
        uint32_t count = 0;
        uint32_t attenuation = 0;  // the sum of the levels' negatives
        bool paused = false;

        int8_t mean_dbov() const;
    };

    Options options_;
    base::Instant deadline_;
    ObserverSlots<Levels> slots_;
    bool silent_ = true;
};

}  // namespace parley::router
