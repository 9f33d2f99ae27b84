#include "worker/rtcp/sender_report_clock.h"

#include "worker/rtcp/ntp.h"

namespace parley::rtcp {

void SenderReportClock::on_sender_report(base::Instant now, const SenderInfo& info) {
    heard_at_ = now;
    middle32_ = middle32(info.ntp);
    rtp_timestamp_ = info.rtp_timestamp;
    heard_ = true;
}

std::optional<ClockReading> SenderReportClock::at(base::Instant now) const {
    if (!heard_) return std::nullopt;
    const int64_t ticks = (now - heard_at_).count() * clock_rate_ / 1'000'000;
    return ClockReading{ntp_of(now), rtp_timestamp_ + static_cast<uint32_t>(ticks)};
}

uint32_t SenderReportClock::delay_since_last_sr(base::Instant now) const {
    return heard_ ? to_ntp_units(now - heard_at_) : 0;
}

}  // namespace parley::rtcp
