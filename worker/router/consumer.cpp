#include "worker/router/consumer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "worker/rtcp/ntp.h"

namespace parley::router {

using base::Instant;
using net::Drop;

namespace {

// What a listener may say at most, for it to count: more is an error of its, or a lie.
constexpr uint32_t kExpectedMost = 10'000;  // packets of one stream between two reports
constexpr base::Duration kRoundTripMost = 60s;
constexpr base::Duration kJitterMost = 10s;

}  // namespace

Consumer::Consumer(ConsumerOptions options, uint32_t ssrc, Producer* producer, uint64_t transport,
                   Outlet& outlet, base::Random& random)
    : header_(ssrc, options.payload_type, options.mid, options.header_extensions),
      outlet_(outlet),
      // The first half of the circle, so that a listener who misses the first packets agrees with
      // us on the first rollover. RFC 3711 §3.3.1.
      numbering_(producer ? producer->options().clock_rate : kSlotClockRate,
                 static_cast<uint16_t>(random.below(0x8000)), random.u32()),
      paused_(options.paused),
      producer_(producer),
      transport_(transport),
      slot_(producer == nullptr),
      options_(std::move(options)) {}

void Consumer::forward(Instant now, const rtp::RtpView& packet, const rtp::SharedFields& shared,
                       Turn& turn) {
    if (paused_ || withheld_) {
        await_first(now);
        return turn.drop(paused_ ? Drop::ConsumerPaused : Drop::ConsumerNotLoudest);
    }
    if (!outlet_.can_send()) {
        await_first(now);
        restart();  // the listener missed nothing that was ever sent: no gap in its numbering
        return turn.drop(Drop::ConsumerNotConnected);
    }
    const auto room = turn.out.next();
    if (packet.payload.size() > kPayloadBytesMax) return turn.drop(Drop::ConsumerTooLong);
    const auto numbers = numbering_.map(now, packet.sequence_number, packet.timestamp);
    if (!numbers) return turn.drop(Drop::ConsumerTooOld);
    const uint16_t transport_sequence_number =
        header_.wants_transport_sequence_number() ? outlet_.next_transport_sequence_number() : 0;
    const size_t header = header_.write(shared, *numbers, transport_sequence_number, room);
    std::memcpy(room.data() + header, packet.payload.data(), packet.payload.size());
    if (!outlet_.send_rtp(room, header + packet.payload.size(), turn.out)) {
        return turn.drop(Drop::ConsumerExhausted);
    }
    anew_ = false;
    if (packets_sent_ == 0 && transport_ != 0) {
        const base::Duration waited = due_since_.is_never() ? 0s : now - due_since_;
        turn.counters.quality.sent.first_packet.observe(waited);
    }
    ++turn.counters.copies_sent;
    ++packets_sent_;
    bytes_sent_ += packet.payload.size();
}

void Consumer::set_paused(bool paused) {
    if (paused_ == paused) return;
    paused_ = paused;
    restart();
}

void Consumer::set_withheld(bool withheld) {
    if (withheld_ && !withheld) restart();
    withheld_ = withheld;
}

std::optional<rtcp::SenderInfo> Consumer::sender_report(Instant now) {
    // Between two voices there is no clock to speak of.
    if (packets_sent_ == packets_reported_ || anew_ || !producer_) return std::nullopt;
    const auto translated = producer_->sender_report().at(now);
    if (!translated) return std::nullopt;
    packets_reported_ = packets_sent_;
    return rtcp::SenderInfo{
        ssrc(), translated->ntp, translated->rtp_timestamp + numbering_.timestamp_offset(),
        static_cast<uint32_t>(packets_sent_), static_cast<uint32_t>(bytes_sent_)};
}

void Consumer::carry(Producer* producer) {
    ENSURE(slot_);
    producer_ = producer;
    restart();
}

uint32_t Consumer::clock_rate() const {
    return slot_ ? kSlotClockRate : producer_->options().clock_rate;
}

void Consumer::await_first(Instant now) {
    if (packets_sent_ == 0 && due_since_.is_never()) due_since_ = now;
}

void Consumer::on_report(Instant now, const rtcp::ReportBlock& block, Quality& quality) {
    const rtcp::ReportBlock before = std::exchange(last_report_, block);
    if (const auto measured = rtcp::round_trip(now, block)) {
        round_trip_ = measured;
        quality.round_trip.observe(std::min(*measured, kRoundTripMost));
    }
    const uint32_t expected = block.highest_sequence_number - before.highest_sequence_number;
    if (before.ssrc == 0 || expected > kExpectedMost) return;
    const int64_t lost = int64_t{block.cumulative_lost} - before.cumulative_lost;
    const int64_t jitter = int64_t{block.jitter} * 1'000'000 / clock_rate();
    Quality::on_report(quality.sent, expected,
                       static_cast<uint32_t>(std::clamp<int64_t>(lost, 0, int64_t{expected})),
                       std::min(base::Duration(jitter), kJitterMost));
}

}  // namespace parley::router
