#include "worker/router/active_speaker_observer.h"

#include <algorithm>
#include <cmath>

#include "common/base/ensure.h"

namespace parley::router {

namespace {

// The paper's constants: the decay of silence on each scale, and by how much (as the
// logarithm of a ratio of scores) a challenger must surpass the holder on it.
constexpr double kImmediateDecay = 0.78, kMediumDecay = 24, kLongDecay = 47;
constexpr double kImmediateLead = 3, kMediumLead = 2, kLongLead = 0;

// A score that is not above zero counts as next to nothing, so that its ratio exists.
constexpr double kScoreMin = 1e-10;

// Our own addition: where nobody speaks any ratio is large, and the paper would hand the floor to
// a cough. Half of the last second has to be speech.
constexpr uint8_t kLongCountMin = 5;

double lead(double challenger, double holder) { return std::log(challenger / holder); }

}  // namespace

template <int kParts>
ScoreTable<kParts>::ScoreTable(double decay) {
    double choices = 0;  // log of the binomial coefficient
    for (int count = 0; count <= kParts; ++count) {
        if (count > 0) choices += std::log(double(kParts - count + 1) / count);
        const double speech = choices + kParts * std::log(0.5);
        const double silence = std::log(decay) - decay * count;
        scores_[static_cast<size_t>(count)] = std::max(speech - silence, kScoreMin);
    }
}

ActiveSpeakerObserver::ActiveSpeakerObserver(Options options, base::Instant now)
    : options_(options),
      deadline_(now + options.interval),
      immediate_scores_(kImmediateDecay),
      medium_scores_(kMediumDecay),
      long_term_scores_(kLongDecay) {
    ENSURE(options.interval > base::Duration::zero());
}

uint32_t ActiveSpeakerObserver::add(uint64_t producer) { return slots_.add(producer); }

void ActiveSpeakerObserver::remove(uint64_t producer) {
    slots_.remove(producer);
    if (dominant_ == producer) dominant_.reset();
}

void ActiveSpeakerObserver::set_paused(uint64_t producer, bool paused) {
    if (Speaker* speaker = slots_.find(producer)) *speaker = {.history = {}, .paused = paused};
}

void ActiveSpeakerObserver::on_level(base::Instant now, uint32_t slot, int8_t dbov) {
    Speaker& speaker = slots_[slot];
    if (!speaker.paused) speaker.history.on_level(now, dbov);
}

std::optional<uint64_t> ActiveSpeakerObserver::on_deadline(base::Instant now) {
    if (now < deadline_) return std::nullopt;
    deadline_ += options_.interval;
    if (deadline_ <= now) deadline_ = now + options_.interval;  // a late turn is not made up for
    const std::optional<uint64_t> taken = challenger(now);
    if (taken) dominant_ = taken;
    return taken;
}

ActiveSpeakerObserver::Scores ActiveSpeakerObserver::scores_of(SpeechCounts counts) const {
    return {immediate_scores_[counts.immediate], medium_scores_[counts.medium],
            long_term_scores_[counts.long_term]};
}

// Of several that lead enough it is the one that leads most on the medium scale.
std::optional<uint64_t> ActiveSpeakerObserver::challenger(base::Instant now) {
    Speaker* const holding = dominant_ ? slots_.find(*dominant_) : nullptr;
    const Scores holder = scores_of(holding ? holding->history.counts(now) : SpeechCounts{});
    std::optional<uint64_t> best;
    double best_medium = 0;
    slots_.for_each([&](uint64_t producer, Speaker& speaker) {
        if (producer == dominant_) return;
        const SpeechCounts counts = speaker.history.counts(now);
        if (counts.long_term < kLongCountMin) return;
        const Scores scores = scores_of(counts);
        const double medium = lead(scores.medium, holder.medium);
        if (lead(scores.immediate, holder.immediate) <= kImmediateLead ||
            medium <= kMediumLead || lead(scores.long_term, holder.long_term) <= kLongLead) {
            return;
        }
        if (medium > best_medium) {
            best = producer;
            best_medium = medium;
        }
    });
    return best;
}

}  // namespace parley::router
