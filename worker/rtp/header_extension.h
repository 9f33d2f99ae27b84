#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/time.h"
#include "worker/rtp/rtp_view.h"

namespace parley::rtp {

// The header extensions that are read from producers or written to consumers.
enum class Extension : uint8_t {
    Mid,
    RtpStreamId,
    AudioLevel,
    AbsSendTime,
    TransportSequenceNumber,
};
constexpr size_t kExtensions = 5;

// The name under which signalling gives an extension its id. RFC 8285 §5.
constexpr std::string_view uri_of(Extension extension) {
    switch (extension) {
        case Extension::Mid: return "urn:ietf:params:rtp-hdrext:sdes:mid";
        case Extension::RtpStreamId: return "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
        case Extension::AudioLevel: return "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
        case Extension::AbsSendTime:
            return "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
        case Extension::TransportSequenceNumber:
            return "http://www.ietf.org/id/"
                   "draft-holmer-rmcat-transport-wide-cc-extensions-01";
    }
    return {};
}

// Profiles of the two wire forms. The low four bits of the second are the application's.
constexpr uint16_t kOneByteProfile = 0xbede;
constexpr uint16_t kTwoByteProfile = 0x1000;

// Ids and lengths that the one-byte form can say; 15 is kept for the future. RFC 8285 §4.2.
constexpr uint8_t kOneByteIdMax = 14;
constexpr size_t kOneByteLengthMax = 16;

// The first element with this id, or nothing: in both wire forms, past padding, and up to where
// the elements stop making sense. In the two-byte form an element may be empty. The bytes are
// borrowed from the view. RFC 8285 §4.2, §4.3.
std::optional<base::Bytes> find_extension(const RtpView& view, uint8_t id);

// How loud the sound of a packet is, as its sender says. RFC 6464 §3.
struct AudioLevel {
    bool voice;   // the sender believes this is speech; many never say so
    int8_t dbov;  // -127 (digital silence) to 0 (the loudest there can be)

    // The wire form: V(1) level(7), the level as its negative.
    constexpr uint8_t wire() const {
        return static_cast<uint8_t>((voice ? 0x80 : 0) | (-dbov & 0x7f));
    }
};

// `element` is what find_extension() gave. Nothing unless it is the one byte it must be.
std::optional<AudioLevel> parse_audio_level(base::Bytes element);

// When a packet leaves, as abs-send-time says it: seconds in 6.18 fixed point, 24 bits, starting
// anew every 64 s. The NTP epoch, which the extension counts from, and the Unix epoch lie a whole
// multiple of 64 s apart.
constexpr uint32_t abs_send_time(base::Instant now) {
    const uint64_t micros = static_cast<uint64_t>(now.micros()) % 64'000'000;
    return static_cast<uint32_t>((micros << 18) / 1'000'000);
}

}  // namespace parley::rtp
