#include "tests/bench/forward/load.h"

#include <algorithm>
#include <utility>

#include "common/base/random.h"
#include "tests/bench/forward/clock.h"
#include "tests/bench/forward/failure.h"

namespace parley::bench {

namespace {

constexpr size_t kOnTheirWay = 8;  // spoken packets at saturation
constexpr uint64_t kLost_ns = 5'000'000'000;
constexpr uint64_t kLate_ns = 1'000'000;

// Decrypting everything would make the sink the slower one.
constexpr uint32_t kCheckEveryAtSaturation = 16;

}  // namespace

Load::Load(const Scene& scene, Call& call) : scene_(scene), call_(call) {
    for (const Listener& listener : call.listeners) promised_.push_back(listener.heard());
}

Heard Load::saturate(uint64_t duration_ns) {
    begin(kCheckEveryAtSaturation);
    size_t speaker = 0;
    for (uint64_t now = begun_ns_; now < begun_ns_ + duration_ns; now = now_ns()) {
        while (on_their_way_ < kOnTheirWay) {
            speak(now_ns(), speaker);
            speaker = (speaker + 1) % call_.speakers.size();
        }
        listen(now);
    }
    return end();
}

Heard Load::pace(uint64_t duration_ns) {
    begin(1);
    const double period_ns = 1e9 / scene_.packets_per_second;
    base::SeededRandom random(1);
    std::vector<std::pair<double, size_t>> phases;
    for (size_t i = 0; i < call_.speakers.size(); ++i) phases.push_back({random.unit(), i});
    std::sort(phases.begin(), phases.end());
    for (uint64_t said = 0;; ++said) {
        const auto& [phase, speaker] = phases[said % phases.size()];
        const double periods = static_cast<double>(said / phases.size()) + phase;
        const uint64_t at = begun_ns_ + static_cast<uint64_t>(periods * period_ns);
        if (at >= begun_ns_ + duration_ns) break;
        uint64_t now = now_ns();
        for (; now < at; now = now_ns()) listen(now);
        if (now > at + kLate_ns) ++heard_.late;
        speak(now, speaker);
    }
    return end();
}

void Load::begin(uint32_t check_every) {
    for (Listener& listener : call_.listeners) listener.check_every(check_every);
    heard_ = {};
    begun_ns_ = progress_ns_ = now_ns();
}

Heard Load::end() {
    drain();
    heard_.seconds = static_cast<double>(now_ns() - begun_ns_) / 1e9;
    return std::exchange(heard_, {});
}

void Load::speak(uint64_t now_ns, size_t speaker) {
    call_.speakers[speaker].speak(now_ns);
    const std::vector<uint32_t>& hearers = call_.hearers[speaker];
    for (const uint32_t listener : hearers) {
        due_.push_back({listener, listener == hearers.back(), ++promised_[listener]});
    }
    ++on_their_way_;
    ++heard_.spoken;
}

void Load::listen(uint64_t now_ns) {
    const size_t reach = std::min(due_.size(), kLookAhead);
    for (size_t i = 0; i < reach; ++i) {
        if (!arrived(due_[i])) {
            call_.listeners[due_[i].listener].listen(reader_, heard_.latencies_ns);
        }
    }
    while (!due_.empty() && arrived(due_.front())) {
        if (due_.front().last) --on_their_way_;
        due_.pop_front();
        ++heard_.heard;
        progress_ns_ = now_ns;
    }
    if (due_.empty()) progress_ns_ = now_ns;
    require(now_ns < progress_ns_ + kLost_ns,
            "a packet was lost: a copy has not come for five seconds");
}

void Load::drain() {
    while (!due_.empty()) listen(now_ns());
    // One copy too many would be heard in the next load, as one that was not promised.
    for (size_t i = 0; i < call_.listeners.size(); ++i) {
        call_.listeners[i].listen(reader_, heard_.latencies_ns);
        require(call_.listeners[i].heard() == promised_[i], "a packet was heard twice");
    }
}

}  // namespace parley::bench
