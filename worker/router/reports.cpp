#include "worker/router/reports.h"

#include <algorithm>

#include "worker/router/compound_writer.h"
#include "worker/rtcp/bye.h"
#include "worker/rtcp/ntp.h"
#include "worker/rtcp/source_description.h"

namespace parley::router {

using base::Instant;
using rtcp::ReportBlock;

namespace {

void hear_blocks(Instant now, Leg& leg, const rtcp::ReportBlocks& blocks, Quality& quality) {
    for (size_t i = 0; i < blocks.size(); ++i) {
        const ReportBlock block = blocks[i];
        if (Consumer** consumer = leg.consumer_by_ssrc.find(block.ssrc)) {
            (*consumer)->on_report(now, block, quality);
        }
    }
}

bool hear_sender_report(Instant now, Leg& leg, const rtcp::RtcpView& packet, Quality& quality) {
    const auto report = rtcp::parse_sender_report(packet);
    if (!report) return false;
    if (Producer** producer = leg.producer_by_ssrc.find(report->info.ssrc)) {
        (*producer)->sender_report().on_sender_report(now, report->info);
    }
    hear_blocks(now, leg, report->blocks, quality);
    return true;
}

bool hear_receiver_report(Instant now, Leg& leg, const rtcp::RtcpView& packet, Quality& quality) {
    const auto report = rtcp::parse_receiver_report(packet);
    if (report) hear_blocks(now, leg, report->blocks, quality);
    return report.has_value();
}

// A stream that was found by its mid or rid may come back under another SSRC.
bool hear_bye(Leg& leg, const rtcp::RtcpView& packet) {
    const auto bye = rtcp::parse_bye(packet);
    if (!bye) return false;
    for (size_t i = 0; i < bye->ssrcs.size(); ++i) leg.forget_learned(bye->ssrcs[i]);
    return true;
}

bool hear(Instant now, Leg& leg, const rtcp::RtcpView& packet, Quality& quality) {
    switch (packet.type) {
        case rtcp::kSenderReport: return hear_sender_report(now, leg, packet, quality);
        case rtcp::kReceiverReport: return hear_receiver_report(now, leg, packet, quality);
        case rtcp::kBye: return hear_bye(leg, packet);
    }
    return true;
}

base::Duration duration_of(uint32_t ticks, uint32_t clock_rate) {
    return base::Duration(int64_t{ticks} * 1'000'000 / clock_rate);
}

ReportBlock block_about(Instant now, Producer& producer, Quality& quality) {
    const rtp::ReceptionReport received = producer.statistics().report(now);
    Quality::on_report(quality.received, received.expected, received.lost,
                       duration_of(received.jitter, producer.options().clock_rate));
    const rtcp::SenderReportClock& clock = producer.sender_report();
    return {*producer.ssrc(),
            received.fraction_lost,
            received.cumulative_lost,
            received.highest_sequence_number,
            received.jitter,
            clock.last_sr(),
            clock.delay_since_last_sr(now)};
}

void write_sender_reports(Instant now, Leg& leg, CompoundWriter& compound) {
    for (Consumer* consumer : leg.consumers) {
        const auto info = consumer->sender_report(now);
        if (!info) continue;
        const std::string& cname = consumer->options().cname;
        base::ByteWriter& writer = compound.with_room_for(28 + 16 + cname.size());
        rtcp::write_sender_report(writer, *info, {});
        rtcp::write_sdes_cname(writer, info->ssrc, cname);
    }
}

void write_receiver_report(Instant now, Leg& leg, CompoundWriter& compound, Quality& quality) {
    static_assert(limits::kProducersPerTransport <= rtcp::kCountMax);
    std::array<ReportBlock, limits::kProducersPerTransport> blocks;
    size_t count = 0;
    for (Producer* producer : leg.producers) {
        if (producer->ssrc() && producer->statistics().packets() > 0) {
            blocks[count++] = block_about(now, *producer, quality);
        }
    }
    if (count == 0) return;
    base::ByteWriter& writer = compound.with_room_for(8 + count * rtcp::kReportBlockBytes);
    rtcp::write_receiver_report(writer, leg.rtcp_ssrc(), std::span(blocks).first(count));
}

}  // namespace

bool hear_reports(Instant now, Leg& leg, base::Bytes compound, Quality& quality) {
    base::ByteReader in(compound);
    while (!in.empty()) {
        const auto packet = rtcp::parse_rtcp(in);
        if (!packet || !hear(now, leg, *packet, quality)) return false;
    }
    return true;
}

void write_reports(Instant now, Leg& leg, Turn& turn) {
    if (!leg.transport.outlet().can_send()) return;
    CompoundWriter compound(leg.transport.outlet(), turn.out);
    write_sender_reports(now, leg, compound);
    write_receiver_report(now, leg, compound, turn.counters.quality);
}

void write_bye(Leg& leg, const Consumer& consumer, net::Outbox& out) {
    if (!leg.transport.outlet().can_send() || consumer.packets_sent() == 0) return;
    CompoundWriter compound(leg.transport.outlet(), out);
    const uint32_t ssrc = consumer.ssrc();
    // A compound begins with a report, RFC 3550 §6.1: here one that says nothing.
    base::ByteWriter& writer = compound.with_room_for(8 + 16 + 260 + 8);
    rtcp::write_receiver_report(writer, ssrc, {});
    rtcp::write_sdes_cname(writer, ssrc, consumer.options().cname);
    rtcp::write_bye(writer, std::span(&ssrc, 1));
}

base::Duration report_interval(base::Random& random) {
    const auto whole = static_cast<uint64_t>(limits::kRtcpInterval.count());
    return base::Duration(static_cast<int64_t>(whole / 2 + random.below(whole + 1)));
}

}  // namespace parley::router
