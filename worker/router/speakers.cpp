#include "worker/router/speakers.h"

#include <algorithm>
#include <utility>

#include "common/base/ensure.h"

namespace parley::router {

using base::Instant;

namespace {

constexpr int32_t kOne = 256;  // a decibel of score

constexpr int kSilenceDbov = -65;      // and below: a quiet microphone, not a quiet voice
constexpr int kRaised = 40;             // over a raised voice, as a shout or a cough is,
constexpr int kShoutShare = 4;          // a decibel counts for a quarter
constexpr int32_t kAttack = 20;        // packets until 63 % of a new loudness is believed: 400 ms
constexpr int64_t kFallPerSecond = 9;  // dB: a voice at -32 dBov is forgotten after 3.7 s
// Without a packet, while an encoder that pauses sends some frames of silence first, and then one
// every 400 ms.
constexpr base::Duration kBrokenOff = 150ms;
constexpr base::Duration kWithheld = 500ms;

constexpr int32_t kMargin = 3 * kOne;  // what "clearly louder" means
constexpr int32_t kMarginMin = kOne;   // over silence: one packet at -45 dBov does it

}  // namespace

Speakers::Score Speakers::loudness(int8_t dbov) {
    const int over = std::max(dbov - kSilenceDbov, 0);
    const int shouted = std::max(over - kRaised, 0);
    return (over - shouted) * kOne + shouted * kOne / kShoutShare;
}

bool Speakers::withheld(const Speaker& speaker, Instant now) {
    const base::Duration most = speaker.sounded ? kBrokenOff : kWithheld;
    return speaker.from_afar && now - speaker.scored_at > most;
}

Speakers::Score Speakers::fallen(const Speaker& speaker, Instant now) {
    if (speaker.score == 0 || withheld(speaker, now)) return 0;
    const int64_t fall = (now - speaker.scored_at).count() * (kFallPerSecond * kOne) / 1'000'000;
    return static_cast<Score>(std::max<int64_t>(speaker.score - fall, 0));
}

// What a challenger must have more than.
Speakers::Score Speakers::to_surpass(Score score) {
    return score + std::clamp(score, kMarginMin, kMargin);
}

Speakers::Number Speakers::add(bool from_afar) {
    Number who = static_cast<Number>(speakers_.size());
    if (free_.empty()) {
        speakers_.emplace_back();
        free_.reserve(speakers_.size());
        ranking_.reserve(limits::kRankedSpeakers);
    } else {
        who = free_.back();
        free_.pop_back();
        speakers_[who] = {};
    }
    speakers_[who].used = true;
    speakers_[who].from_afar = from_afar;
    if (ranking_.size() < limits::kRankedSpeakers) {
        ranking_.push_back(who);
        speakers_[who].rank = ranking_.size() - 1;
    }
    return who;
}

void Speakers::remove(Instant now, Number who) {
    ENSURE(who < speakers_.size() && speakers_[who].used);
    const size_t rank = speakers_[who].rank;
    speakers_[who] = {};
    free_.push_back(who);
    if (rank == kUnranked) return;
    ranking_.erase(ranking_.begin() + static_cast<ptrdiff_t>(rank));
    for (size_t i = rank; i < ranking_.size(); ++i) put(i, ranking_[i]);
    promote_one(now);
}

// The best of those without a rank has the last one.
void Speakers::promote_one(Instant now) {
    Number best = 0;
    Score most = -1;
    for (Number who = 0; who < speakers_.size(); ++who) {
        const Speaker& speaker = speakers_[who];
        if (!speaker.used || speaker.rank != kUnranked || fallen(speaker, now) <= most) continue;
        best = who;
        most = fallen(speaker, now);
    }
    if (most < 0) return;
    ranking_.push_back(best);
    speakers_[best].rank = ranking_.size() - 1;
}

size_t Speakers::on_level(Instant now, Number who, int8_t dbov) {
    Speaker& speaker = speakers_[who];
    const Score loud = loudness(dbov);
    const bool judged = withheld(speaker, now);
    const Score kept = judged ? 0 : std::min(speaker.score, loud);
    const Score before = std::max(fallen(speaker, now), kept);
    speaker.score = before;
    speaker.scored_at = now;
    speaker.sounded = loud > 0;
    if (loud <= before) return kUnranked;
    speaker.score += judged ? loud - before : std::max((loud - before) / kAttack, 1);
    return take_rank(now, who);
}

// The first whom he clearly surpasses makes way; and whoever has to, takes the next rank of one
// who has less than he, so that in the end the weakest of them all has moved the most.
size_t Speakers::take_rank(Instant now, Number who) {
    const size_t before = std::min(speakers_[who].rank, ranking_.size());
    const Score score = speakers_[who].score;
    size_t first = 0;
    while (first < before && score <= to_surpass(fallen(speakers_[ranking_[first]], now))) ++first;
    if (first == before) return kUnranked;
    Number moving = who;
    for (size_t i = first; i < before; ++i) {
        const bool weaker = fallen(speakers_[ranking_[i]], now) < fallen(speakers_[moving], now);
        if (i > first && !weaker) continue;
        const Number displaced = ranking_[i];
        put(i, moving);
        moving = displaced;
    }
    if (before < ranking_.size()) {
        put(before, moving);
    } else {
        speakers_[moving].rank = kUnranked;
    }
    return first;
}

void Speakers::put(size_t rank, Number who) {
    ranking_[rank] = who;
    speakers_[who].rank = rank;
}

bool Speakers::could_rise(Instant now, Number who, int8_t dbov) const {
    const Score loud = loudness(dbov);
    if (loud == 0) return false;
    const auto ahead = std::span(ranking_).first(std::min(speakers_[who].rank, ranking_.size()));
    return std::any_of(ahead.begin(), ahead.end(), [&](Number other) {
        return loud > to_surpass(fallen(speakers_[other], now));
    });
}

}  // namespace parley::router
