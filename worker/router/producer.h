#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "worker/router/app_data.h"
#include "worker/router/audience.h"
#include "worker/router/header_extension_ids.h"
#include "worker/router/kept_packets.h"
#include "worker/router/speakers.h"
#include "worker/rtcp/sender_report_clock.h"
#include "worker/rtp/receive_statistics.h"
#include "worker/rtp/rtp_view.h"

namespace parley::router {

class Consumer;

struct ProducerOptions {
    uint64_t id = 0;
    uint8_t payload_type = 0;
    uint32_t clock_rate = 48'000;
    std::optional<uint32_t> ssrc;  // when signalled
    std::string mid;               // "" when not
    std::string rid;               // "" when not
    HeaderExtensionIds header_extensions;
    bool paused = false;
    // Names its speaker to those who hear it in a slot, RFC 3550 §5.1; 0: it never gets one.
    uint32_t csrc = 0;
    AppData app_data;
};

// One voice that comes in on a transport or out of a pipe, and who hears it.
class Producer {
public:
    Producer(ProducerOptions options, uint64_t transport);

    uint64_t id() const { return options_.id; }
    uint64_t transport() const { return transport_; }  // that it comes in on; 0: a pipe
    const ProducerOptions& options() const { return options_; }

    bool paused() const { return options_.paused; }
    void set_paused(bool paused);

    // The SSRC that it is heard under now: signalled, or learned from a packet with its mid or rid.
    std::optional<uint32_t> ssrc() const { return ssrc_; }
    // A new SSRC is a new stream: its numbering has nothing to do with that of the last.
    void set_ssrc(uint32_t ssrc);
    void forget_ssrc() { ssrc_.reset(); }

    // Takes the packet into the statistics.
    rtp::ReceiveStatistics::Arrival on_packet(base::Instant now, const rtp::RtpView& packet,
                                              size_t bytes) {
        return statistics_.on_packet(now, packet.sequence_number, packet.timestamp, bytes);
    }

    // From here on its peer may speak; until it is paused.
    void await_first(base::Instant now) {
        if (!paused()) awaited_since_ = now;
    }
    // How long its first packet was awaited; once, if it was.
    std::optional<base::Duration> take_wait(base::Instant now) {
        if (awaited_since_.is_never()) return std::nullopt;
        return now - std::exchange(awaited_since_, base::Instant::never());
    }

    // How loud its sender says that the packet is, if it does.
    std::optional<rtp::AudioLevel> level_of(const rtp::RtpView& packet) const;
    void note_level(int8_t dbov) { last_level_dbov_ = dbov; }

    rtp::ReceiveStatistics& statistics() { return statistics_; }
    const rtp::ReceiveStatistics& statistics() const { return statistics_; }
    rtcp::SenderReportClock& sender_report() { return sender_report_; }
    std::optional<int8_t> last_level_dbov() const { return last_level_dbov_; }

    // Not owned: the router that owns both takes a consumer out before it goes.
    const std::vector<Consumer*>& consumers() const { return consumers_; }
    void add(Consumer& consumer) { consumers_.push_back(&consumer); }
    void remove(const Consumer& consumer);
    // Whether it has a consumer that is not withheld.
    bool is_consumed() const;

    // The newest packets, while a pipe may be asked for them again: each keep() holds until its
    // release_kept(). nullptr: nobody wants them kept.
    KeptPackets* kept() { return kept_.get(); }
    void keep() {
        if (keepers_++ == 0) kept_ = std::make_unique<KeptPackets>();
    }
    void release_kept() {
        if (--keepers_ == 0) kept_.reset();
    }

    // Where each observer of the router keeps this producer.
    std::vector<uint32_t>& observer_slots() { return observer_slots_; }

    // Those who hear it in a slot, and what it is to them: kept by Slots.
    struct Stage {
        Speakers::Number number = 0;
        Speakers::Number number_here = 0;  // among those spoken here, kept by PipeRules
        Audience audience;
        std::array<uint8_t, 4> csrc{};  // as it stands in a packet
        base::Instant sounded_at;       // its last packet that was not digital silence
        bool hushed = false;            // silence is not forwarded any more
    };
    Stage& stage() { return stage_; }
    const Stage& stage() const { return stage_; }

private:
    void restart_listeners();

    ProducerOptions options_;
    uint64_t transport_;
    std::optional<uint32_t> ssrc_;
    std::optional<int8_t> last_level_dbov_;
    base::Instant awaited_since_ = base::Instant::never();
    rtp::ReceiveStatistics statistics_;
    rtcp::SenderReportClock sender_report_;
    std::vector<Consumer*> consumers_;
    std::vector<uint32_t> observer_slots_;
    Stage stage_;
    std::unique_ptr<KeptPackets> kept_;
    size_t keepers_ = 0;
};

}  // namespace parley::router
