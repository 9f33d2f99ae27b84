#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/time.h"
#include "worker/limits.h"

namespace parley::router {

// Who of many has the floor: the loudest in order, each with a claim on its rank. Levels in, a
// ranking out; it knows nobody but by a number.
//
// Each speaker has a score in decibels over what counts as silence. Speech raises it by a share of
// what is missing, so that it takes about half a second to be believed and a cough is over before;
// silence takes it down slowly, so that who pauses between sentences is not forgotten. A rank is
// taken from another by a score clearly above his. From one who has long said nothing it is taken
// by the first loud packet, so that a quiet room loses no first word.
class Speakers {
public:
    using Number = uint32_t;

    // Where the ranking ends: the answer for "nothing has changed", and the rank of the others.
    static constexpr size_t kUnranked = limits::kRankedSpeakers;

    // One more, by a number that he keeps until he is removed; numbers are used again. Ranked at
    // once while there is room. `from_afar`: what he says is withheld by whoever hears
    // him first, while others there are louder. Then he has no claim any more; and when he is heard
    // again he has been judged already, and is believed at once.
    Number add(bool from_afar = false);
    // His rank goes to those behind him.
    void remove(base::Instant now, Number who);

    // What he said is forgotten: he was paused. He keeps his rank until another takes it.
    void silence(Number who) { speakers_[who].score = 0; }

    // The hot path: one packet of about 20 ms, dBov. The first rank that is another's now, or
    // kUnranked. The levels must be authentic.
    size_t on_level(base::Instant now, Number who, int8_t dbov);

    // Whether he would ever rise if he went on at this level, with everybody else as loud as now.
    bool could_rise(base::Instant now, Number who, int8_t dbov) const;

    // First the one with the best claim; at most kRankedSpeakers.
    std::span<const Number> ranking() const { return ranking_; }
    size_t rank_of(Number who) const { return speakers_[who].rank; }

private:
    using Score = int32_t;  // in 1/256 dB

    struct Speaker {
        base::Instant scored_at;
        Score score = 0;
        size_t rank = kUnranked;
        bool used = false;
        bool from_afar = false;
        bool sounded = true;  // his last packet was of sound
    };

    static Score loudness(int8_t dbov);
    static bool withheld(const Speaker& speaker, base::Instant now);
    static Score fallen(const Speaker& speaker, base::Instant now);
    static Score to_surpass(Score score);
    size_t take_rank(base::Instant now, Number who);
    void put(size_t rank, Number who);
    void promote_one(base::Instant now);

    std::vector<Speaker> speakers_;
    std::vector<Number> free_;
    std::vector<Number> ranking_;
};

}  // namespace parley::router
