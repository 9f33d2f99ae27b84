#include "worker/rtcp/report.h"

#include <algorithm>

#include "worker/rtcp/packet_writer.h"

namespace parley::rtcp {

namespace {

constexpr int32_t kLostMax = 0x7fffff;
constexpr int32_t kLostMin = -0x800000;

int32_t sign_extended(uint32_t value24) {
    return static_cast<int32_t>(value24 << 8) >> 8;
}

void write_blocks(base::ByteWriter& out, std::span<const ReportBlock> blocks) {
    for (const ReportBlock& block : blocks) {
        out.u32(block.ssrc);
        out.u8(block.fraction_lost);
        out.u24(static_cast<uint32_t>(std::clamp(block.cumulative_lost, kLostMin, kLostMax)));
        out.u32(block.highest_sequence_number);
        out.u32(block.jitter);
        out.u32(block.last_sr);
        out.u32(block.delay_since_last_sr);
    }
}

}  // namespace

ReportBlock ReportBlocks::operator[](size_t index) const {
    base::ByteReader in(bytes_.subspan(kReportBlockBytes * index));
    ReportBlock block{};
    block.ssrc = in.u32();
    block.fraction_lost = in.u8();
    block.cumulative_lost = sign_extended(in.u24());
    block.highest_sequence_number = in.u32();
    block.jitter = in.u32();
    block.last_sr = in.u32();
    block.delay_since_last_sr = in.u32();
    return block;
}

std::optional<SenderReport> parse_sender_report(const RtcpView& packet) {
    if (packet.type != kSenderReport) return std::nullopt;
    base::ByteReader in(packet.body);
    SenderInfo info{};
    info.ssrc = in.u32();
    info.ntp = in.u64();
    info.rtp_timestamp = in.u32();
    info.packets = in.u32();
    info.bytes = in.u32();
    const ReportBlocks blocks(in.take(packet.count * kReportBlockBytes));
    if (!in.ok()) return std::nullopt;
    return SenderReport{info, blocks};
}

std::optional<ReceiverReport> parse_receiver_report(const RtcpView& packet) {
    if (packet.type != kReceiverReport) return std::nullopt;
    base::ByteReader in(packet.body);
    const uint32_t ssrc = in.u32();
    const ReportBlocks blocks(in.take(packet.count * kReportBlockBytes));
    if (!in.ok()) return std::nullopt;
    return ReceiverReport{ssrc, blocks};
}

void write_sender_report(base::ByteWriter& out, const SenderInfo& info,
                         std::span<const ReportBlock> blocks) {
    PacketWriter packet(out, kSenderReport, blocks.size());
    out.u32(info.ssrc);
    out.u64(info.ntp);
    out.u32(info.rtp_timestamp);
    out.u32(info.packets);
    out.u32(info.bytes);
    write_blocks(out, blocks);
    packet.finish();
}

void write_receiver_report(base::ByteWriter& out, uint32_t ssrc,
                           std::span<const ReportBlock> blocks) {
    PacketWriter packet(out, kReceiverReport, blocks.size());
    out.u32(ssrc);
    write_blocks(out, blocks);
    packet.finish();
}

}  // namespace parley::rtcp
