#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/prefetch.h"
#include "common/base/random.h"
#include "worker/limits.h"
#include "worker/router/app_data.h"
#include "worker/router/outlet.h"
#include "worker/router/producer.h"
#include "worker/router/turn.h"
#include "worker/rtcp/report.h"
#include "worker/rtp/header_template.h"
#include "worker/rtp/stream_map.h"

namespace parley::router {

struct ConsumerOptions {
    uint64_t id = 0;
    uint8_t payload_type = 0;
    std::string mid;  // "" when none is to be sent
    rtp::ExtensionIds header_extensions;
    std::string cname;
    bool paused = false;  // to begin with
    AppData app_data;
};

// Of the streams that slots are: Opus has no other. RFC 7587 §4.1.
constexpr uint32_t kSlotClockRate = 48'000;

// Leaves room in a datagram for the longest header and the largest tag.
constexpr size_t kPayloadBytesMax =
    limits::kDatagramBytes - rtp::HeaderTemplate::kBytesMax - srtp::kMaxOverhead;

// One voice as one listener hears it: its own SSRC, payload type and unbroken numbering, out of the
// listener's transport. Either of one producer for good, or a slot: of whoever has it now.
class Consumer {
public:
    // Producer and outlet outlive it: the router has a consumer go first. `transport` is the id of
    // the one that the outlet belongs to. `random` gives it the numbers that its stream begins
    // with. Without a producer it is a slot, and nobody's yet.
    Consumer(ConsumerOptions options, uint32_t ssrc, Producer* producer, uint64_t transport,
             Outlet& outlet, base::Random& random);

    // Writes its copy of the packet into the outbox, or counts why not. `shared` is what the
    // packet says to all listeners. The hot path: nothing here allocates or branches on much else
    // than pause and connection.
    void forward(base::Instant now, const rtp::RtpView& packet, const rtp::SharedFields& shared,
                 Turn& turn);

    // Ask for the memory that forward() will touch: a loop over many listeners would wait for it
    // longer than it works. prefetch() should come some listeners ahead, prefetch_outlet()
    // later, for it reads what prefetch() asked for.
    void prefetch() const { base::prefetch(this, kHotBytes); }
    void prefetch_outlet() const { outlet_.prefetch(); }
    // Like prefetch(), and where its audience goes on.
    void prefetch_slot() const { base::prefetch(this, kHotBytes + sizeof(Consumer*)); }

    // What comes next has nothing to do with what came before: after a pause, or a new source.
    void restart() {
        numbering_.restart();
        anew_ = true;
    }
    // Nothing has been sent since restart(): the next packet is the first of its talk.
    bool anew() const { return anew_; }

    // REQUIRES: a slot. It carries this producer's voice from now on; nullptr: nobody's. Who is
    // its producer's audience is the caller's to keep.
    void carry(Producer* producer);
    bool is_slot() const { return slot_; }

    bool paused() const { return paused_; }
    void set_paused(bool paused);

    // Nothing of it is forwarded for now, as with a pause; but what was sent may still be asked
    // for again.
    bool withheld() const { return withheld_; }
    void set_withheld(bool withheld);

    uint64_t id() const { return options_.id; }
    uint32_t ssrc() const { return header_.ssrc(); }
    const ConsumerOptions& options() const { return options_; }
    // nullptr only for a slot that is nobody's.
    Producer* producer() { return producer_; }
    const Producer* producer() const { return producer_; }
    uint32_t clock_rate() const;
    uint64_t transport() const { return transport_; }  // that it leaves by

    uint64_t packets_sent() const { return packets_sent_; }
    uint64_t bytes_sent() const { return bytes_sent_; }  // of payload, as an SR counts them

    // Where a sequence number of this stream came from, if it is of late.
    std::optional<rtp::StreamMap::Source> source_of(uint16_t sequence_number) const {
        return numbering_.source_of(sequence_number);
    }

    // The sender report for this moment; nothing before the producer sent one of its own, or when
    // nothing was sent since the last. RFC 3550 §6.4.1.
    std::optional<rtcp::SenderInfo> sender_report(base::Instant now);

    // What the listener says of the stream.
    void on_report(base::Instant now, const rtcp::ReportBlock& block, Quality& quality);
    const rtcp::ReportBlock& last_report() const { return last_report_; }
    std::optional<base::Duration> round_trip() const { return round_trip_; }

private:
    friend class Audience;

    void await_first(base::Instant now);

    // What forward() touches comes first, in two lines of cache.
    static constexpr size_t kHotBytes = 128;
    rtp::HeaderTemplate header_;
    Outlet& outlet_;
    rtp::StreamMap numbering_;
    uint64_t packets_sent_ = 0;
    uint64_t bytes_sent_ = 0;
    bool paused_;
    bool withheld_ = false;
    bool anew_ = true;

    Consumer* next_in_audience_ = nullptr;
    Consumer* previous_in_audience_ = nullptr;
    Producer* producer_;
    uint64_t transport_;
    bool slot_;
    uint64_t packets_reported_ = 0;                     // packets_sent_ at the last sender report
    base::Instant due_since_ = base::Instant::never();  // a packet, until the first was sent
    rtcp::ReportBlock last_report_{};                   // ssrc 0: there was none
    std::optional<base::Duration> round_trip_;
    ConsumerOptions options_;
};

}  // namespace parley::router
