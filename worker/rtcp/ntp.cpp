#include "worker/rtcp/ntp.h"

namespace parley::rtcp {

std::optional<base::Duration> round_trip(base::Instant now, const ReportBlock& block) {
    if (block.last_sr == 0) return std::nullopt;
    const uint32_t since_sent = middle32(ntp_of(now)) - block.last_sr;
    const auto units = static_cast<int32_t>(since_sent - block.delay_since_last_sr);
    if (units < 0) return std::nullopt;
    return from_ntp_units(static_cast<uint32_t>(units));
}

}  // namespace parley::rtcp
