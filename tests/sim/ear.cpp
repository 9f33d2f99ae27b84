#include "tests/sim/ear.h"

#include <algorithm>
#include <cstdlib>

namespace parley::sim {

namespace {

// What a jittery way to the worker may add: 200 ms.
constexpr int32_t kRetimedTicks = 9'600;

}  // namespace

std::optional<std::string> StreamOrder::on_packet(uint16_t sequence_number, uint32_t timestamp,
                                                  const Word& word) {
    const Numbered packet{unwrapper_.advance(sequence_number), timestamp, word};
    if (!newest_) lowest_ = packet.sequence_number;
    lowest_ = std::min(lowest_, packet.sequence_number);
    if (!recent_.insert(packet.sequence_number).second) return "a sequence number came twice";
    ++distinct_;
    while (recent_.size() > 1'000) recent_.erase(recent_.begin());
    const char* wrong = nullptr;
    if (newest_) {
        const int64_t steps = packet.sequence_number - newest_->sequence_number;
        const int64_t words = int64_t{word.number} - int64_t{newest_->word.number};
        const auto ticks = base::serial_distance(newest_->timestamp, timestamp);
        const auto ticks_said = base::serial_distance(newest_->word.timestamp, word.timestamp);
        if ((steps > 0) != (words > 0)) {
            wrong = "sequence numbers go the other way than words";
        } else if ((steps > 0) != (ticks > 0)) {
            wrong = "timestamps go the other way than numbers";
        } else if (ticks != ticks_said) {
            ++retimed_;
            if (std::abs(ticks - ticks_said) > kRetimedTicks) {
                wrong = "timestamps are not those of the words";
            }
        }
    }
    if (!newest_ || packet.sequence_number > newest_->sequence_number) newest_ = packet;
    return wrong ? std::optional<std::string>(wrong) : std::nullopt;
}

uint64_t StreamOrder::missing() const {
    if (!newest_) return 0;
    return static_cast<uint64_t>(newest_->sequence_number - lowest_ + 1) - distinct_;
}

Heard::Heard(const std::vector<Said>& said, const std::vector<Arrival>& arrivals,
             base::Instant now)
    : said_(said), heard_(said.size()), from_(base::Instant::never()), end_(now - kTooLate) {
    for (const Arrival& arrival : arrivals) {
        if (arrival.at - said[arrival.number].at > kTooLate) continue;
        heard_[arrival.number] = true;
        if (said[arrival.number].voice) from_ = std::min(from_, said[arrival.number].at);
    }
}

Heard Heard::since(base::Instant from) const {
    Heard part = *this;
    part.from_ = from;
    return part;
}

Heard Heard::until(base::Instant end) const {
    Heard part = *this;
    part.end_ = std::min(end_, end);
    return part;
}

size_t Heard::words() const {
    size_t count = 0;
    for (size_t i = 0; i < said_.size(); ++i) {
        count += heard_[i] && said_[i].voice && said_[i].at >= from_ && said_[i].at <= end_;
    }
    return count;
}

size_t Heard::said() const {
    return static_cast<size_t>(std::ranges::count_if(said_, [this](const Said& word) {
        return word.voice && word.at >= from_ && word.at <= end_;
    }));
}

base::Duration Heard::longest_gap() const {
    base::Duration longest = from_.is_never() ? base::Duration::max() : 0ms;
    uint32_t spurt = 0;
    base::Instant last;  // heard in this spurt, or one frame before its first word
    for (size_t i = 0; i < said_.size(); ++i) {
        const Said& word = said_[i];
        if (!word.voice || word.at < from_ || word.at > end_) continue;
        if (word.spurt != spurt) last = word.at - Mouth::kFrame;
        spurt = word.spurt;
        longest = std::max(longest, word.at - last);
        if (heard_[i]) last = word.at;
    }
    return longest;
}

}  // namespace parley::sim
