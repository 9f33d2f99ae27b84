#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/base/bytes.h"
#include "worker/rtcp/rtcp_view.h"

namespace parley::rtcp {

// What a sender says of itself. RFC 3550 §6.4.1.
struct SenderInfo {
    uint32_t ssrc;
    uint64_t ntp;            // when the report was sent, 32.32 seconds since 1900
    uint32_t rtp_timestamp;  // the same moment on the stream's clock
    uint32_t packets;        // sent since the stream began
    uint32_t bytes;          // of payload, sent since the stream began

    bool operator==(const SenderInfo&) const = default;
};

// What a receiver says of one stream it hears. RFC 3550 §6.4.1.
struct ReportBlock {
    uint32_t ssrc;                     // whose stream it is
    uint8_t fraction_lost;             // of 256, since the report before
    int32_t cumulative_lost;           // 24 signed bits on the wire
    uint32_t highest_sequence_number;  // wraps in the upper half
    uint32_t jitter;                   // in ticks of the stream's clock
    uint32_t last_sr;                  // middle32() of the latest sender report heard; 0: none
    uint32_t delay_since_last_sr;      // from hearing that to sending this, 16.16 seconds

    bool operator==(const ReportBlock&) const = default;
};

constexpr size_t kReportBlockBytes = 24;

// The blocks of one report; borrowed, and read as they are asked for.
class ReportBlocks {
public:
    explicit ReportBlocks(base::Bytes bytes) : bytes_(bytes) {}

    size_t size() const { return bytes_.size() / kReportBlockBytes; }

    // REQUIRES: index < size().
    ReportBlock operator[](size_t index) const;

private:
    base::Bytes bytes_;
};

struct SenderReport {
    SenderInfo info;
    ReportBlocks blocks;
};

struct ReceiverReport {
    uint32_t ssrc;  // of who reports
    ReportBlocks blocks;
};

// Nothing when the packet is of another type, or too short for the blocks it counts. Profile
// extensions after the blocks are skipped. RFC 3550 §6.4.1, §6.4.2.
std::optional<SenderReport> parse_sender_report(const RtcpView& packet);
std::optional<ReceiverReport> parse_receiver_report(const RtcpView& packet);

// Write one packet of a compound. At most kCountMax blocks fit one: REQUIRES: no more are given.
void write_sender_report(base::ByteWriter& out, const SenderInfo& info,
                         std::span<const ReportBlock> blocks);
void write_receiver_report(base::ByteWriter& out, uint32_t ssrc,
                           std::span<const ReportBlock> blocks);

}  // namespace parley::rtcp
