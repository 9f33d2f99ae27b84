#include "worker/router/pipe.h"

#include <algorithm>
#include <utility>

#include "worker/router/compound_writer.h"
#include "worker/router/piped_consumer.h"
#include "worker/router/producer.h"
#include "worker/router/reports.h"
#include "worker/rtcp/nack.h"
#include "worker/rtcp/ntp.h"
#include "worker/rtcp/source_description.h"
#include "worker/rtp/rtx.h"
#include "worker/srtp/wire.h"

namespace parley::router {

using base::Instant;
using net::Drop;

namespace {

constexpr uint32_t kReportSsrcBit = 1u << 31;  // so that it is none of the reserved ones

constexpr std::string_view kCname = "pipe";

// Until it has been measured: what a continent away would take.
constexpr base::Duration kRoundTripUnknown = 100ms;

// Ticks of the reports' own clock, which no stream runs by.
constexpr uint32_t kReportClockRate = 1000;

// Each stream and its RTX, and as many that have ended.
constexpr size_t kSsrcsHeard = 4 * limits::kStreamsPerPipe;

srtp::Master fresh_key(base::Random& random) {
    srtp::Master master;
    random.fill(std::span(master.key).first(srtp::key_size(Pipe::kProfile)));
    random.fill(std::span(master.salt).first(srtp::salt_size(Pipe::kProfile)));
    return master;
}

}  // namespace

Pipe::Pipe(uint64_t id, bool repair, AppData app_data, base::Random& random)
    : id_(id),
      app_data_(std::move(app_data)),
      random_(random),
      ssrcs_(random),
      local_key_(fresh_key(random)),
      ours_{PipeHeader::kVersion, repair ? PipeHeader::kRepairs : 0},
      agreed_(ours_),
      clock_(kReportClockRate) {
    outlet_.set_keys(kProfile, local_key_);
}

void Pipe::connect(Instant now, const net::Path& path, const srtp::Master& remote_key,
                   const PipeHeader& theirs, Turn& turn) {
    inlet_.set_keys(kProfile, remote_key, kSsrcsHeard);
    outlet_.set_path(path);
    on_header(theirs);
    next_report_ = now;
    heard_at_ = now;
    silent_at_ = now + limits::kPipeSilence;
    enter(now, PipeState::Connecting, turn);
    ensure_invariants();
}

void Pipe::enter(Instant, PipeState state, Turn& turn) {
    ENSURE(may(state_, state));
    state_ = state;
    turn.notices.emplace_back(PipeStateChanged{id_, state});
}

void Pipe::on_header(const PipeHeader& theirs) {
    const PipeHeader agreed = ours_.common_with(theirs);
    if (agreed == agreed_) return;
    agreed_ = agreed;
    for (PipedConsumer* consumer : in_order_) consumer->update_keeping();
    if (repairs()) return;
    streams_.for_each([&](uint32_t, std::unique_ptr<PipedStream>& stream) {
        stream->missing.reset();
        set_deadline(*stream);
    });
}

// --- streams

void Pipe::add(PipedConsumer& consumer) {
    consumers_.insert(consumer.stream().ssrc(), &consumer);
    in_order_.push_back(&consumer);
}

void Pipe::remove(PipedConsumer& consumer) {
    consumers_.erase(consumer.stream().ssrc());
    std::erase(in_order_, &consumer);
    outlet_.forget_stream(consumer.stream().ssrc());
    outlet_.forget_stream(consumer.rtx_ssrc());
}

uint32_t Pipe::report_ssrc() const {
    if (agreed_.version < 2) return kReportSsrc;
    return static_cast<uint32_t>(base::mix(id_)) | kReportSsrcBit;
}

uint32_t Pipe::unused_ssrc() {
    uint32_t ssrc = 0;
    do ssrc = ssrcs_.next(kReportSsrc);
    while (ssrc == report_ssrc());
    return ssrc;
}

bool Pipe::is_for(net::Protocol protocol, base::Bytes bytes) const {
    base::ByteReader in(bytes);
    in.skip(protocol == net::Protocol::Rtp ? 8 : 4);
    const uint32_t ssrc = in.u32();
    if (!in.ok()) return false;
    return hears(ssrc, 0) || (protocol == net::Protocol::Rtcp && ssrc == report_ssrc());
}

bool Pipe::hears(uint32_t ssrc, uint32_t rtx_ssrc) const {
    return streams_.contains(ssrc) || original_of_.contains(ssrc) ||
           (rtx_ssrc != 0 && (streams_.contains(rtx_ssrc) || original_of_.contains(rtx_ssrc)));
}

void Pipe::add(PipedStream stream) {
    if (stream.rtx_ssrc != 0) original_of_.insert(stream.rtx_ssrc, stream.ssrc);
    streams_.insert(stream.ssrc, std::make_unique<PipedStream>(std::move(stream)));
}

void Pipe::remove_stream(uint32_t ssrc) {
    PipedStream* stream = stream_of(ssrc);
    ENSURE(stream != nullptr);
    original_of_.erase(stream->rtx_ssrc);
    missing_deadlines_.erase(ssrc);
    streams_.erase(ssrc);
}

void Pipe::pause_stream(uint32_t ssrc, bool paused) {
    PipedStream* stream = stream_of(ssrc);
    ENSURE(stream != nullptr);
    stream->paused = paused;
    stream->missing.reset();
    set_deadline(*stream);
}

PipedStream* Pipe::stream_of(uint32_t ssrc) {
    const auto* stream = streams_.find(ssrc);
    return stream ? stream->get() : nullptr;
}

void Pipe::set_deadline(const PipedStream& stream) {
    missing_deadlines_.set(stream.ssrc, stream.missing.next_deadline());
}

// --- the network

std::optional<PipedPacket> Pipe::on_rtp(Instant now, std::span<uint8_t> bytes, Turn& turn) {
    inlet_.count(bytes.size());
    // Whose it is stands in the clear: what is of no stream costs no more than this.
    const auto head = srtp::parse_rtp_head(bytes);
    if (!head) return turn.drop(Drop::SrtpMalformed), std::nullopt;
    const uint32_t* original = original_of_.find(head->ssrc);
    PipedStream* stream = stream_of(original ? *original : head->ssrc);
    if (!stream) return turn.drop(Drop::RtpUnknownStream), std::nullopt;
    const auto size = inlet_.unprotect_rtp(bytes, turn);
    if (!size) return std::nullopt;
    on_authentic(now, turn);
    auto packet = rtp::parse_rtp(bytes.first(*size));
    if (!packet) return turn.drop(Drop::RtpMalformed), std::nullopt;
    if (original) {
        const auto rtx = rtp::parse_rtx(packet->payload);
        if (!rtx) return turn.drop(Drop::RtpMalformed), std::nullopt;
        packet->payload_type = stream->producer.options().payload_type;
        packet->ssrc = stream->ssrc;
        packet->sequence_number = rtx->sequence_number;
        packet->payload = rtx->payload;
    }
    if (repairs() && stream->rtx_ssrc != 0 && !stream->paused) {
        const Instant before = stream->missing.next_deadline();
        const bool was_missing = stream->missing.on_packet(now, packet->sequence_number);
        if (was_missing && original) {
            ++repaired_;
            ++turn.counters.quality.pipe_repaired;
        }
        if (stream->missing.next_deadline() != before) set_deadline(*stream);
    }
    return PipedPacket{*stream, *packet, *size};
}

void Pipe::on_authentic(Instant now, Turn& turn) {
    heard_at_ = now;
    if (state_ == PipeState::Connected) return;
    enter(now, PipeState::Connected, turn);
    silent_at_ = now + limits::kPipeSilence;
    next_report_ = now;  // so that the other end hears too, and both measure the way
}

void Pipe::on_rtcp(Instant now, std::span<uint8_t> bytes, Turn& turn) {
    inlet_.count(bytes.size());
    const auto size = inlet_.unprotect_rtcp(bytes, turn);
    if (!size) return;
    on_authentic(now, turn);
    if (!hear(now, bytes.first(*size), turn)) return turn.drop(Drop::RtcpMalformed);
    ++turn.counters.rtcp_received;
}

bool Pipe::hear(Instant now, base::Bytes compound, Turn& turn) {
    base::ByteReader in(compound);
    while (!in.empty()) {
        const auto packet = rtcp::parse_rtcp(in);
        if (!packet) return false;
        if (packet->type == rtcp::kSenderReport) {
            const auto report = rtcp::parse_sender_report(*packet);
            if (!report) return false;
            hear_sender_report(now, *report, turn);
        } else if (const auto header = parse_pipe_header(*packet)) {
            on_header(*header);
        } else if (const auto nack = rtcp::parse_nack(*packet); nack && repairs()) {
            PipedConsumer** consumer = consumers_.find(nack->media_ssrc);
            if (!consumer) continue;  // it has ended since
            nack->missing.for_each([&](uint16_t sequence_number) {
                (*consumer)->retransmit(now, sequence_number, turn);
            });
        }
    }
    return true;
}

void Pipe::hear_sender_report(Instant now, const rtcp::SenderReport& report, Turn& turn) {
    if (report.info.ssrc != report_ssrc()) {
        PipedStream* stream = stream_of(report.info.ssrc);
        if (stream) stream->producer.sender_report().on_sender_report(now, report.info);
        return;
    }
    clock_.on_sender_report(now, report.info);
    for (size_t i = 0; i < report.blocks.size(); ++i) {
        const rtcp::ReportBlock block = report.blocks[i];
        if (block.ssrc != report_ssrc()) continue;
        const auto measured = rtcp::round_trip(now, block);
        // One report that was held up on its way says little: smoothed as RFC 6298 §2 has it.
        if (!measured) continue;
        round_trip_ = round_trip_ ? (*round_trip_ * 7 + *measured) / 8 : *measured;
        turn.counters.quality.pipe_round_trip.observe(*measured);
    }
}

// --- time

void Pipe::on_deadline(Instant now, Turn& turn) {
    if (missing_deadlines_.next_deadline() <= now) ask(now, turn);
    if (next_report_ <= now) {
        report(now, turn);
        next_report_ = now + report_interval(random_);
    }
    if (silent_at_ <= now) {
        silent_at_ = heard_at_ + limits::kPipeSilence;
        if (silent_at_ <= now) {
            enter(now, PipeState::Silent, turn);
            silent_at_ = Instant::never();
        }
    }
    ensure_invariants();
}

Instant Pipe::next_deadline() const {
    return std::min({missing_deadlines_.next_deadline(), next_report_, silent_at_});
}

void Pipe::ask(Instant now, Turn& turn) {
    CompoundWriter compound(outlet_, turn.out);
    uint32_t ssrc = 0;
    while (missing_deadlines_.pop_due(now, ssrc)) {
        PipedStream& stream = *stream_of(ssrc);
        const auto asked = stream.missing.on_deadline(now, round_trip_.value_or(kRoundTripUnknown));
        if (!asked.empty()) {
            rtcp::write_nack(compound.with_room_for(rtcp::nack_bytes_max(asked.size())),
                             report_ssrc(), ssrc, asked);
        }
        missing_ += stream.missing.newly_asked();
        turn.counters.quality.pipe_missing += stream.missing.newly_asked();
        set_deadline(stream);
    }
}

// A sender report of the pipe itself, by which the way is measured; then one of each stream that
// sent since the last. RFC 3550 §6.4.1.
void Pipe::report(Instant now, Turn& turn) {
    CompoundWriter compound(outlet_, turn.out);
    const rtcp::SenderInfo own{report_ssrc(), rtcp::ntp_of(now), 0,
                               static_cast<uint32_t>(outlet_.packets_sent()),
                               static_cast<uint32_t>(outlet_.bytes_sent())};
    const rtcp::ReportBlock heard{
        report_ssrc(), 0, 0, 0, 0, clock_.last_sr(), clock_.delay_since_last_sr(now)};
    const size_t size = 28 + rtcp::kReportBlockBytes + 16 + kCname.size() + kPipeHeaderBytes;
    base::ByteWriter& first = compound.with_room_for(size);
    rtcp::write_sender_report(first, own, std::span(&heard, 1));
    rtcp::write_sdes_cname(first, report_ssrc(), kCname);
    write_pipe_header(first, report_ssrc(), ours_);
    for (PipedConsumer* consumer : in_order_) {
        const auto info = consumer->stream().sender_report(now);
        if (info) rtcp::write_sender_report(compound.with_room_for(28), *info, {});
    }
}

void Pipe::ensure_invariants() const {
    ENSURE(inlet_.has_keys() == (state_ != PipeState::New));
    ENSURE(outlet_.can_send() == (state_ != PipeState::New));
    ENSURE(consumers_.size() == in_order_.size());
    ENSURE(streams_.size() >= original_of_.size());
}

}  // namespace parley::router
