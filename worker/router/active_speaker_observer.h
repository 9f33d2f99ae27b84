#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/base/time.h"
#include "worker/router/observer_slots.h"
#include "worker/router/speech_history.h"

namespace parley::router {

// The speech activity score of one scale for every count there can be: the logarithm of how much
// likelier the count is of a speaker than of one who is silent. Of a speaker each part is active
// as often as not (binomial); of silence fewer are likelier (exponential). Volfin and Cohen 2012.
template <int kParts>
class ScoreTable {
public:
    // `decay`: how fast the exponential falls, lambda in the paper.
    explicit ScoreTable(double decay);

    double operator[](uint8_t count) const { return scores_[count]; }

private:
    std::array<double, kParts + 1> scores_{};
};

// Says who holds the floor: the dominant speaker of Volfin and Cohen 2012. A challenger takes it
// whose speech of the moment, of the last tenth and of the whole last second all surpass that of
// the holder by enough: so a holder may pause for breath, and a cough or a yes does not take the
// floor. Silence keeps it where it is. Knows producers by their ids only.
class ActiveSpeakerObserver {
public:
    struct Options {
        base::Duration interval;  // between decisions, more than zero; 300 ms in the paper
    };

    ActiveSpeakerObserver(Options options, base::Instant now);

    // The slot by which on_level() knows the producer, until it is removed.
    uint32_t add(uint64_t producer);

    // The floor is free when its holder is removed.
    void remove(uint64_t producer);

    // A paused producer is silent, and what it said before is forgotten.
    void set_paused(uint64_t producer, bool paused);

    // The hot path. REQUIRES: a slot of add() whose producer was not removed.
    void on_level(base::Instant now, uint32_t slot, int8_t dbov);

    // The producer that has taken the floor, if one has.
    std::optional<uint64_t> on_deadline(base::Instant now);
    base::Instant next_deadline() const { return deadline_; }

    std::optional<uint64_t> dominant() const { return dominant_; }

private:
    struct Speaker {
        SpeechHistory history;
        bool paused = false;
    };
    struct Scores {
        double immediate;
        double medium;
        double long_term;
    };

    Scores scores_of(SpeechCounts counts) const;
    std::optional<uint64_t> challenger(base::Instant now);

    Options options_;
    base::Instant deadline_;
    ObserverSlots<Speaker> slots_;
    std::optional<uint64_t> dominant_;
    ScoreTable<kImmediateParts> immediate_scores_;
    ScoreTable<kMediumParts> medium_scores_;
    ScoreTable<kLongParts> long_term_scores_;
};

}  // namespace parley::router
