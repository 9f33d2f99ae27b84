#pragma once

#include <cstdint>
#include <optional>

#include "worker/rtp/header_extension.h"
#include "worker/rtp/rtp_view.h"

namespace parley::router {

constexpr int8_t kDigitalSilence = -127;
constexpr int8_t kLevelUnknown = -40;  // of a sound whose sender does not say: moderately loud
constexpr size_t kDtxBytes = 2;        // a frame that only says that there is none, RFC 6716 §3.1

// How loud a packet counts for, dBov: as its sender says, if it does.
inline int8_t loudness_of(const rtp::RtpView& packet, std::optional<rtp::AudioLevel> level) {
    if (level) return level->dbov;
    return packet.payload.size() <= kDtxBytes ? kDigitalSilence : kLevelUnknown;
}

}  // namespace parley::router
