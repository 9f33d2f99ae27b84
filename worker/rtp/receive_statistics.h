#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/time.h"

namespace parley::rtp {

// The numbers of a report block that are counted here. RFC 3550 §6.4.1.
struct ReceptionReport {
    uint8_t fraction_lost;    // of 256, in the time since the report before
    int32_t cumulative_lost;  // within 24 signed bits; negative when duplicates outnumber losses
    uint32_t highest_sequence_number;  // wraps in the upper half
    uint32_t jitter;                   // in ticks
    base::Duration interval;           // what the fraction speaks for; 0 in the first report
    uint32_t expected;                 // in this time
    uint32_t lost;                     // of these; none when more came than were expected
};

// What arrived of one source stream, and what did not.
class ReceiveStatistics {
public:
    enum class Arrival : uint8_t {
        InOrder,    // newer than all before, perhaps after a gap
        Reordered,  // late, and not seen before
        Duplicate,  // seen before
        Probation,  // far out of order: a stray, unless the next one follows it. Not to be used
    };

    explicit ReceiveStatistics(uint32_t clock_rate) : clock_rate_(clock_rate) {}

    // Judges one packet by RFC 3550 A.1, except that the first packet of a stream is believed at
    // once: a probation at the start would cost the first word. After a jump the second packet in
    // a row begins the counting anew. `size` in bytes, of what the caller wants counted.
    Arrival on_packet(base::Instant now, uint16_t sequence_number, uint32_t timestamp, size_t size);

    // How far ahead of the newest packet this number is, if it is and by at most `reach`; or 0.
    int closely_ahead(uint16_t sequence_number, int reach) const;

    // A packet came that was dropped unread, closely ahead of the newest: the next one that is read
    // takes along as many as its gap has room for, as received. It may have been forged, so its
    // own number stays open for the true one.
    void on_passed_over() { ++passed_over_; }

    // Ends the interval of fraction_lost and begins the next. All zero before the first packet.
    ReceptionReport report(base::Instant now);

    // All that arrived but strays: late ones and duplicates too, as RFC 3550 §6.4.1 counts them.
    uint64_t packets() const { return packets_; }
    uint64_t bytes() const { return bytes_; }

    // Since the stream began, or began anew. 24 signed bits. RFC 3550 A.3.
    int32_t cumulative_lost() const;
    uint32_t extended_highest_sequence_number() const { return cycles_ << 16 | highest_; }

    // What the latest report said, of 256.
    uint8_t fraction_lost() const { return fraction_lost_; }

    // Interarrival jitter, smoothed by 1/16, in ticks. Packets of one batch share an arrival time
    // and add what they are apart in timestamps. 0 until two packets. RFC 3550 §6.4.1, A.8.
    uint32_t jitter_ticks() const { return jitter_sixteenths_ >> 4; }

private:
    // As many sequence numbers as may be late and still be told from their duplicates.
    static constexpr uint16_t kHistory = 128;

    void begin(uint16_t sequence_number);
    void advance(uint16_t sequence_number);
    void count_passed_over(int gap);
    bool mark(uint16_t sequence_number);
    Arrival place(uint16_t sequence_number);
    void update_jitter(base::Instant now, uint32_t timestamp);
    uint32_t expected() const;

    uint64_t packets_ = 0;
    uint64_t bytes_ = 0;
    std::array<uint64_t, kHistory / 64> seen_{};  // a bit for each number, at its remainder
    base::Instant reported_at_;
    uint32_t clock_rate_;
    uint32_t cycles_ = 0;           // times that highest_ has wrapped
    uint32_t received_ = 0;         // since begin()
    uint32_t expected_before_ = 0;  // at the latest report
    uint32_t received_before_ = 0;
    uint32_t passed_over_ = 0;  // since the newest packet
    uint32_t transit_ = 0;      // arrival minus timestamp of the packet before, in ticks
    uint32_t jitter_sixteenths_ = 0;
    uint16_t first_ = 0;  // since begin()
    uint16_t highest_ = 0;
    uint16_t probed_ = 0;  // what must follow a jump for it to be believed
    uint8_t fraction_lost_ = 0;
    bool probing_ = false;
    bool started_ = false;
    bool reported_ = false;
    bool timed_ = false;  // transit_ is known
};

}  // namespace parley::rtp
