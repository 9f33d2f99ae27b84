#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.h"
#include "worker/rtcp/report.h"

namespace parley::rtcp {

// One moment on two clocks.
struct ClockReading {
    uint64_t ntp;            // ours
    uint32_t rtp_timestamp;  // the producer's
};

// What a producer's latest sender report said, carried on to any later moment: for the reports we
// send to its listeners, and for the blocks we send back to it.
class SenderReportClock {
public:
    // `clock_rate` in Hz, at most 1 MHz.
    explicit SenderReportClock(uint32_t clock_rate) : clock_rate_(clock_rate) {}

    void on_sender_report(base::Instant now, const SenderInfo& info);

    // The producer's RTP timestamp at `now`, with our own NTP time: listeners answer with it, and
    // round_trip() then needs one clock only. Off by the way the report took to us, which is the
    // same for all streams of a peer. Nothing before the first report. The consumer adds its
    // timestamp offset.
    std::optional<ClockReading> at(base::Instant now) const;

    // For the report block about this producer; both 0 before its first report. RFC 3550 §6.4.1.
    uint32_t last_sr() const { return middle32_; }
    uint32_t delay_since_last_sr(base::Instant now) const;

private:
    base::Instant heard_at_;
    uint32_t middle32_ = 0;
    uint32_t rtp_timestamp_ = 0;
    uint32_t clock_rate_;
    bool heard_ = false;
};

}  // namespace parley::rtcp
