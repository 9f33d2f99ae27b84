#pragma once

#include <cstdint>
#include <string>

#include "common/base/random.h"
#include "tests/sim/media_leg.h"
#include "tests/sim/mouth.h"

namespace parley::sim {

// A microphone's way onto a leg: RTP with the header extensions of a browser, and sender reports.
class VoiceSender {
public:
    // Ids and payload type as Chrome offers them, which are not those of the router.
    static constexpr uint8_t kPayloadType = 111;
    static constexpr uint8_t kAudioLevelId = 1;
    static constexpr uint8_t kAbsSendTimeId = 2;
    static constexpr uint8_t kMidId = 4;
    static constexpr base::Duration kReportInterval = 1s;

    VoiceSender(base::SeededRandom random, base::Instant now);

    Mouth& mouth() { return mouth_; }
    const Mouth& mouth() const { return mouth_; }

    // Who speaks and where; said once, before anything is.
    void introduce(uint32_t room, uint32_t speaker);

    // Speaks so many dB more softly than others do.
    void set_softer(uint8_t softer) { softer_ = softer; }

    // A new stream: another SSRC, and numbering that begins anew.
    void begin_stream();

    // `leg` may be null, or not connected yet: then what is said is said to nobody.
    void on_deadline(base::Instant now, MediaLeg* leg);
    base::Instant next_deadline() const;

    uint32_t ssrc() const { return ssrc_; }
    void set_ssrc(uint32_t ssrc) { ssrc_ = ssrc; }
    const std::string& mid() const { return mid_; }
    const std::string& cname() const { return cname_; }
    uint64_t packets_sent() const { return packets_sent_; }

private:
    void send_frame(base::Instant now, MediaLeg* leg);
    void send_report(base::Instant now, MediaLeg* leg);

    base::SeededRandom random_;
    Mouth mouth_;
    uint32_t room_ = 0;
    uint32_t speaker_ = 0;
    uint8_t softer_ = 0;
    std::string mid_ = "0";
    std::string cname_;
    uint32_t ssrc_ = 0;
    uint16_t sequence_number_ = 0;
    uint32_t packets_ = 0;  // of this stream
    uint32_t bytes_ = 0;
    uint32_t latest_timestamp_ = 0;
    base::Instant latest_at_;
    base::Instant next_report_;
    uint64_t packets_sent_ = 0;
};

}  // namespace parley::sim
