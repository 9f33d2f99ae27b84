#include "worker/router/audio_level_observer.h"

#include <algorithm>

#include "common/base/ensure.h"

namespace parley::router {

AudioLevelObserver::AudioLevelObserver(Options options, base::Instant now)
    : options_(options), deadline_(now + options.interval) {
    ENSURE(options.interval > base::Duration::zero());
}

uint32_t AudioLevelObserver::add(uint64_t producer) { return slots_.add(producer); }

void AudioLevelObserver::remove(uint64_t producer) { slots_.remove(producer); }

void AudioLevelObserver::set_paused(uint64_t producer, bool paused) {
    if (Levels* levels = slots_.find(producer)) *levels = {.paused = paused};
}

void AudioLevelObserver::on_level(uint32_t slot, int8_t dbov) {
    Levels& levels = slots_[slot];
    if (levels.paused) return;
    ++levels.count;
    levels.attenuation += static_cast<uint32_t>(-dbov);
}

bool AudioLevelObserver::on_deadline(base::Instant now, std::vector<Volume>& out) {
    out.clear();
    if (now < deadline_) return false;
    deadline_ += options_.interval;
    if (deadline_ <= now) deadline_ = now + options_.interval;  // a late turn is not made up for
    slots_.for_each([&](uint64_t producer, Levels& levels) {
        const Volume volume{producer, levels.mean_dbov()};
        const bool heard = levels.count >= kLevelsMin && volume.dbov >= options_.threshold_dbov;
        if (heard) out.push_back(volume);
        levels = {.paused = levels.paused};
    });
    std::stable_sort(out.begin(), out.end(),
                     [](const Volume& a, const Volume& b) { return a.dbov > b.dbov; });
    if (out.size() > options_.max_entries) out.resize(options_.max_entries);
    const bool was_silent = silent_;
    silent_ = out.empty();
    return !silent_ || !was_silent;
}

// Rounded to the nearest; -127 when there are no levels.
int8_t AudioLevelObserver::Levels::mean_dbov() const {
    if (count == 0) return -127;
    return static_cast<int8_t>(-static_cast<int32_t>((attenuation + count / 2) / count));
}

}  // namespace parley::router
