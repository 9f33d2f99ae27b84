#include "tests/sim/voice_sender.h"

#include <algorithm>
#include <array>

#include "tests/sim/word.h"
#include "worker/rtcp/ntp.h"
#include "worker/rtcp/report.h"
#include "worker/rtcp/source_description.h"
#include "worker/rtp/header_extension.h"
#include "worker/rtp/header_writer.h"

namespace parley::sim {

VoiceSender::VoiceSender(base::SeededRandom random, base::Instant now)
    : random_(random),
      mouth_(base::SeededRandom(random_.u64()), now),
      cname_(random_.text(16)),
      next_report_(now + kReportInterval) {
    begin_stream();
}

void VoiceSender::introduce(uint32_t room, uint32_t speaker) {
    room_ = room;
    speaker_ = speaker;
}

void VoiceSender::begin_stream() {
    ssrc_ = random_.u32() | 1;
    // Below 2^15, as browsers begin, so that a listener who misses the first packets counts the
    // same rollovers. RFC 3711 §3.3.1.
    sequence_number_ = static_cast<uint16_t>(random_.below(1 << 15));
    packets_ = bytes_ = 0;
}

base::Instant VoiceSender::next_deadline() const {
    return std::min(mouth_.next_deadline(), next_report_);
}

void VoiceSender::on_deadline(base::Instant now, MediaLeg* leg) {
    if (now >= mouth_.next_deadline()) send_frame(now, leg);
    if (now >= next_report_) send_report(now, leg);
}

void VoiceSender::send_frame(base::Instant now, MediaLeg* leg) {
    const Mouth::Frame frame = mouth_.on_deadline(now);
    latest_timestamp_ = frame.timestamp;
    latest_at_ = now;
    const uint16_t sequence_number = sequence_number_++;
    if (!leg || !leg->connected()) return;
    const Word word{room_, speaker_, frame.number, frame.timestamp, frame.voice, softer_};
    const rtp::AudioLevel level{frame.voice, dbov_of(word)};
    const uint8_t level_byte = level.wire();
    const uint32_t sent_at = rtp::abs_send_time(now);
    const std::array<uint8_t, 3> time{static_cast<uint8_t>(sent_at >> 16),
                                      static_cast<uint8_t>(sent_at >> 8),
                                      static_cast<uint8_t>(sent_at)};
    const std::array<rtp::ExtensionElement, 3> extensions{{
        {kAudioLevelId, base::Bytes(&level_byte, 1)},
        {kAbsSendTimeId, time},
        {kMidId, base::as_bytes(mid_)},
    }};
    std::array<uint8_t, limits::kDatagramBytes> room{};
    base::ByteWriter out(room);
    rtp::write_header(out,
                      {.marker = frame.first_of_spurt,
                       .payload_type = kPayloadType,
                       .sequence_number = sequence_number,
                       .timestamp = frame.timestamp,
                       .ssrc = ssrc_},
                      extensions);
    const size_t payload = write_word(word, std::span(room).subspan(out.size()));
    if (!leg->send_rtp(room, out.size() + payload)) return;
    ++packets_, ++packets_sent_;
    bytes_ += static_cast<uint32_t>(payload);
}

void VoiceSender::send_report(base::Instant now, MediaLeg* leg) {
    // Between 0.5 and 1.5 of the interval, so that no two stay in step. RFC 3550 §6.2.
    next_report_ = now + kReportInterval / 2 +
                   base::Duration(static_cast<int64_t>(random_.below(kReportInterval.count())));
    if (!leg || !leg->connected() || packets_ == 0) return;
    const auto ticks = (now - latest_at_).count() * 48 / 1'000;
    std::array<uint8_t, limits::kDatagramBytes> room{};
    base::ByteWriter out(room);
    rtcp::write_sender_report(out,
                              {.ssrc = ssrc_,
                               .ntp = rtcp::ntp_of(now),
                               .rtp_timestamp = latest_timestamp_ + static_cast<uint32_t>(ticks),
                               .packets = packets_,
                               .bytes = bytes_},
                              {});
    rtcp::write_sdes_cname(out, ssrc_, cname_);
    leg->send_rtcp(room, out.size());
}

}  // namespace parley::sim
