#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/ear.h"
#include "tests/sim/media_leg.h"
#include "tests/sim/people.h"
#include "worker/rtcp/report.h"
#include "worker/rtp/receive_statistics.h"
#include "worker/rtp/rtp_view.h"

namespace parley::sim {

// A stream as signalling announces it.
struct Announced {
    std::string consumer;
    std::string peer;            // "" for a slot
    uint32_t ssrc = 0;
    uint8_t payload_type = 0;
    std::string mid;
    uint8_t mid_id = 0;          // ids of header extensions, 0: not carried
    uint8_t audio_level_id = 0;
    bool slot = false;           // it carries one after another
};

// All that one listener hears, with the laws of what must never be heard.
class VoiceReceiver {
public:
    using Broken = std::function<void(const std::string& law)>;

    // `self` and `room` are the listener's numbers; `broken` is told of every law that does not
    // hold.
    VoiceReceiver(const People& people, uint32_t room, uint32_t self, Broken broken);

    void announce(const Announced& announced);
    void close(const std::string& consumer);
    void keep_only(const std::set<std::string>& consumers);
    void close_all();          // the leg is gone: SSRCs may mean something else on the next
    bool knows(const std::string& consumer) const;
    size_t open_streams() const;
    bool was_announced(base::Bytes packet) const;  // its SSRC

    void on_rtp(base::Instant now, base::Bytes packet);
    void on_rtcp(base::Instant now, base::Bytes compound);

    // Receiver reports on all streams that were heard, as compounds that fit one datagram each.
    void send_reports(base::Instant now, uint32_t own_ssrc, const std::string& cname,
                      MediaLeg& leg);

    const std::set<uint32_t>& rooms() const { return rooms_; }
    const std::vector<Heard::Arrival>& arrivals(uint32_t speaker) const;
    uint64_t missing_numbers(uint32_t speaker) const;
    uint64_t retimed() const;  // of the streams there are now
    base::Duration worst_sender_report() const { return worst_sender_report_; }
    uint64_t sender_reports() const { return sender_reports_; }
    uint64_t packets() const { return packets_; }

private:
    struct Stream {
        Announced announced;
        bool open = true;
        uint32_t speaker = 0;
        StreamOrder order;
        rtp::ReceiveStatistics statistics{48'000};
        std::optional<Word> newest;
        uint32_t newest_timestamp = 0;
        uint32_t last_sr = 0;
        base::Instant last_sr_at;
    };

    void hear(base::Instant now, Stream& stream, const rtp::RtpView& packet);
    void check_naming(const Stream& stream, const rtp::RtpView& packet);
    void check_header(const Stream& stream, const rtp::RtpView& packet, const Word& word);
    void check_word(const Stream& stream, const Word& word);
    bool check_slot(Stream& stream, const rtp::RtpView& packet, const Word& word);
    void hear_sender_report(base::Instant now, const rtcp::SenderInfo& info);

    const People& people_;
    uint32_t room_;
    uint32_t self_;
    Broken broken_;
    std::map<uint32_t, Stream> streams_;  // by SSRC
    std::map<uint32_t, std::vector<Heard::Arrival>> arrivals_;  // by speaker
    std::map<uint32_t, uint64_t> missing_;  // of streams that are gone, by speaker
    std::map<uint32_t, uint32_t> speaker_of_csrc_;
    std::set<uint32_t> rooms_;
    base::Duration worst_sender_report_ = 0ms;
    uint64_t sender_reports_ = 0;
    uint64_t packets_ = 0;
};

}  // namespace parley::sim
