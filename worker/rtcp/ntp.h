#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.h"
#include "worker/rtcp/report.h"

namespace parley::rtcp {

// The moment as RTCP says it: seconds since 1900 in the upper half, and their fraction in the
// lower. The seconds wrap in 2036, as everyone's do. RFC 3550 §4.
constexpr uint64_t ntp_of(base::Instant at) {
    constexpr uint64_t kUnixEpochSeconds = 2'208'988'800;
    const auto micros = static_cast<uint64_t>(at.micros());
    const uint64_t seconds = micros / 1'000'000 + kUnixEpochSeconds;
    return seconds << 32 | ((micros % 1'000'000 << 32) / 1'000'000);
}

// 16.16 seconds out of 32.32: what report blocks carry. Wraps every 18 hours.
constexpr uint32_t middle32(uint64_t ntp) {
    return static_cast<uint32_t>(ntp >> 16);
}

// A span of 16.16 seconds, as last_sr and delay_since_last_sr are counted, and back. What does not
// fit, 18 hours and more, becomes the longest there is.
constexpr base::Duration from_ntp_units(uint32_t units) {
    return base::Duration(static_cast<int64_t>(uint64_t{units} * 15'625 >> 10));
}
constexpr uint32_t to_ntp_units(base::Duration span) {
    if (span.count() <= 0) return 0;
    if (span >= 65'536s) return UINT32_MAX;
    return static_cast<uint32_t>((static_cast<uint64_t>(span.count()) << 10) / 15'625);
}

// The time to the peer and back, from what it says of our latest sender report. Nothing when it
// has heard none yet, or when the numbers contradict each other. Exact to 16 us. RFC 3550 §6.4.1.
std::optional<base::Duration> round_trip(base::Instant now, const ReportBlock& block);

}  // namespace parley::rtcp
