#include "worker/rtp/receive_statistics.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/base/serial.h"
#include "worker/rtp/stream_map.h"

namespace parley::rtp {

namespace {

// A difference in transit beyond this is a sender that changed its timestamps, not a network that
// was slow. One such step would drown the jitter of everything after it.
constexpr uint32_t kTransitStepSeconds = 5;

// An arrival time in ticks, from an arbitrary zero. In two parts: microseconds since the epoch
// times a clock rate do not fit 64 bits.
uint32_t ticks_of(base::Instant at, uint32_t clock_rate) {
    const auto micros = static_cast<uint64_t>(at.micros());
    return static_cast<uint32_t>(micros / 1'000'000 * clock_rate +
                                 micros % 1'000'000 * clock_rate / 1'000'000);
}

}  // namespace

ReceiveStatistics::Arrival ReceiveStatistics::on_packet(base::Instant now, uint16_t sequence_number,
                                                        uint32_t timestamp, size_t size) {
    const Arrival arrival = place(sequence_number);
    if (arrival == Arrival::Probation) return arrival;
    ++packets_;
    ++received_;
    bytes_ += size;
    update_jitter(now, timestamp);
    return arrival;
}

ReceiveStatistics::Arrival ReceiveStatistics::place(uint16_t sequence_number) {
    const int ahead = base::serial_distance(highest_, sequence_number);
    if (!started_ || (probing_ && sequence_number == probed_)) {
        begin(sequence_number);
        return Arrival::InOrder;
    }
    if (ahead > kMaxDropout || ahead < -kMaxMisorder) {
        probing_ = true;
        probed_ = static_cast<uint16_t>(sequence_number + 1);
        return Arrival::Probation;
    }
    if (ahead > 0) {
        count_passed_over(ahead - 1);
        advance(sequence_number);
        return Arrival::InOrder;
    }
    return mark(sequence_number) ? Arrival::Reordered : Arrival::Duplicate;
}

void ReceiveStatistics::begin(uint16_t sequence_number) {
    first_ = highest_ = sequence_number;
    cycles_ = received_ = expected_before_ = received_before_ = passed_over_ = 0;
    seen_ = {};
    mark(sequence_number);
    probing_ = false;
    timed_ = false;
    started_ = true;
}

// Forgets the numbers that the new ones take the place of.
void ReceiveStatistics::advance(uint16_t sequence_number) {
    const auto ahead = static_cast<uint16_t>(sequence_number - highest_);
    if (sequence_number < highest_) ++cycles_;
    if (ahead >= kHistory) seen_ = {};
    for (uint16_t i = 1; i <= ahead && ahead < kHistory; ++i) {
        const auto skipped = static_cast<uint16_t>(highest_ + i);
        seen_[skipped % kHistory / 64] &= ~(uint64_t{1} << skipped % 64);
    }
    highest_ = sequence_number;
    mark(sequence_number);
    probing_ = false;
}

int ReceiveStatistics::closely_ahead(uint16_t sequence_number, int reach) const {
    const int ahead = base::serial_distance(highest_, sequence_number);
    return started_ && ahead > 0 && ahead <= reach ? ahead : 0;
}

void ReceiveStatistics::count_passed_over(int gap) {
    const uint32_t counted = std::min(passed_over_, static_cast<uint32_t>(gap));
    received_ += counted;
    packets_ += counted;
    passed_over_ = 0;
}

// True if it was not seen before.
bool ReceiveStatistics::mark(uint16_t sequence_number) {
    uint64_t& word = seen_[sequence_number % kHistory / 64];
    const uint64_t bit = uint64_t{1} << sequence_number % 64;
    const bool fresh = (word & bit) == 0;
    word |= bit;
    return fresh;
}

void ReceiveStatistics::update_jitter(base::Instant now, uint32_t timestamp) {
    const uint32_t transit = ticks_of(now, clock_rate_) - timestamp;
    const int64_t difference = base::serial_distance(transit_, transit);
    transit_ = transit;
    if (!std::exchange(timed_, true)) return;
    const auto apart = static_cast<uint32_t>(std::abs(difference));
    if (apart > kTransitStepSeconds * clock_rate_) return;
    jitter_sixteenths_ += apart - ((jitter_sixteenths_ + 8) >> 4);
}

uint32_t ReceiveStatistics::expected() const {
    return started_ ? extended_highest_sequence_number() - first_ + 1 : 0;
}

int32_t ReceiveStatistics::cumulative_lost() const {
    const int64_t lost = int64_t{expected()} - int64_t{received_};
    return static_cast<int32_t>(std::clamp<int64_t>(lost, -0x800000, 0x7fffff));
}

// Fraction as of RFC 3550 A.3: none when more arrived than was expected.
ReceptionReport ReceiveStatistics::report(base::Instant now) {
    const uint32_t expected_now = expected();
    const uint32_t expected_since = expected_now - expected_before_;
    const int64_t lost = int64_t{expected_since} - (received_ - received_before_);
    expected_before_ = expected_now;
    received_before_ = received_;
    const auto lost_since =
        static_cast<uint32_t>(std::clamp<int64_t>(lost, 0, int64_t{expected_since}));
    fraction_lost_ = 0;
    if (lost_since > 0) {
        const uint64_t fraction = uint64_t{lost_since} * 256 / expected_since;
        fraction_lost_ = static_cast<uint8_t>(std::min<uint64_t>(fraction, 255));
    }
    const base::Duration interval = reported_ ? now - reported_at_ : base::Duration(0);
    reported_at_ = now;
    reported_ = true;
    return {fraction_lost_, cumulative_lost(), extended_highest_sequence_number(),
            jitter_ticks(), interval,          expected_since,
            lost_since};
}

}  // namespace parley::rtp
