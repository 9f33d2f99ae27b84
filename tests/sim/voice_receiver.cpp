#include "tests/sim/voice_receiver.h"

#include <algorithm>
#include <array>
#include <utility>

#include "worker/rtcp/ntp.h"
#include "worker/rtcp/source_description.h"
#include "worker/rtp/header_extension.h"
#include "worker/rtp/stream_map.h"

namespace parley::sim {

VoiceReceiver::VoiceReceiver(const People& people, uint32_t room, uint32_t self, Broken broken)
    : people_(people), room_(room), self_(self), broken_(std::move(broken)) {}

void VoiceReceiver::announce(const Announced& announced) {
    const auto [stream, fresh] = streams_.try_emplace(announced.ssrc);
    if (!fresh) return broken_("two consumers of a transport have one SSRC");
    stream->second.announced = announced;
}

void VoiceReceiver::close(const std::string& consumer) {
    for (auto& [ssrc, stream] : streams_) {
        if (stream.announced.consumer == consumer) stream.open = false;
    }
}

void VoiceReceiver::keep_only(const std::set<std::string>& consumers) {
    for (auto& [ssrc, stream] : streams_) {
        stream.open = stream.open && consumers.contains(stream.announced.consumer);
    }
}

void VoiceReceiver::close_all() {
    for (const auto& [ssrc, stream] : streams_) missing_[stream.speaker] += stream.order.missing();
    streams_.clear();
}

bool VoiceReceiver::knows(const std::string& consumer) const {
    return std::ranges::any_of(streams_, [&](const auto& entry) {
        return entry.second.open && entry.second.announced.consumer == consumer;
    });
}

size_t VoiceReceiver::open_streams() const {
    return static_cast<size_t>(
        std::ranges::count_if(streams_, [](const auto& entry) { return entry.second.open; }));
}

bool VoiceReceiver::was_announced(base::Bytes packet) const {
    const auto view = rtp::parse_rtp(packet);
    return view && streams_.contains(view->ssrc);
}

void VoiceReceiver::on_rtp(base::Instant now, base::Bytes bytes) {
    const auto packet = rtp::parse_rtp(bytes);
    if (!packet) return broken_("a listener was sent RTP that cannot be read");
    const auto stream = streams_.find(packet->ssrc);
    if (stream == streams_.end()) {
        return broken_(people_.person(self_).name + " in " + people_.room(room_) +
                       " heard an SSRC nobody announced");
    }
    hear(now, stream->second, *packet);
}

void VoiceReceiver::hear(base::Instant now, Stream& stream, const rtp::RtpView& packet) {
    if (!stream.announced.slot && !people_.trusts(stream.announced.peer))
        return check_naming(stream, packet);
    const auto word = parse_word(packet.payload);
    if (!word || !people_.known(word->speaker, word->room)) {
        return broken_("a voice was changed on its way");
    }
    ++packets_;
    rooms_.insert(word->room);
    check_word(stream, *word);
    check_header(stream, packet, *word);
    if (stream.announced.slot && !check_slot(stream, packet, *word)) {
        return arrivals_[word->speaker].push_back({word->number, now});
    }
    stream.speaker = word->speaker;
    const auto wrong = stream.order.on_packet(packet.sequence_number, packet.timestamp, *word);
    if (wrong) broken_(*wrong);
    if (!stream.newest || word->number > stream.newest->number) {
        stream.newest = word;
        stream.newest_timestamp = packet.timestamp;
    }
    stream.statistics.on_packet(now, packet.sequence_number, packet.timestamp,
                                packet.payload.size());
    arrivals_[word->speaker].push_back({word->number, now});
}

void VoiceReceiver::check_word(const Stream& stream, const Word& word) {
    const People::Person& speaker = people_.person(word.speaker);
    if (word.room != room_) {
        broken_("a voice left its room: " + speaker.name + " of " + people_.room(word.room) +
                " was heard in " + people_.room(room_));
    }
    if (word.speaker == self_) broken_(speaker.name + " was delivered their own voice");
    if (!stream.announced.slot && speaker.name != stream.announced.peer) {
        broken_(speaker.name + " was heard in the name of " + stream.announced.peer);
    }
}

// A CSRC names one speaker, whoever's slot it is; and when another has the slot the numbers go on.
// False: it is a late packet of who had the slot before.
bool VoiceReceiver::check_slot(Stream& stream, const rtp::RtpView& packet, const Word& word) {
    if (packet.csrcs.size() != 4) broken_("a slot does not name its speaker");
    const uint32_t csrc = base::ByteReader(packet.csrcs).u32();
    if (speaker_of_csrc_.emplace(csrc, word.speaker).first->second != word.speaker) {
        broken_("a CSRC names two speakers");
    }
    if (!stream.newest || stream.speaker == word.speaker) return true;
    const auto newest = static_cast<uint16_t>(stream.statistics.extended_highest_sequence_number());
    const int steps = base::serial_distance(newest, packet.sequence_number);
    const auto ticks = base::serial_distance(stream.newest_timestamp, packet.timestamp);
    if (std::abs(steps) > rtp::kMaxMisorder || (steps > 0) != (ticks > 0)) {
        broken_("a slot's numbers do not go on with its next speaker");
    }
    if (steps < 0) return false;
    missing_[stream.speaker] += stream.order.missing();
    stream.order = {};
    stream.newest.reset();
    return true;
}

void VoiceReceiver::check_naming(const Stream& stream, const rtp::RtpView& packet) {
    const Announced& announced = stream.announced;
    if (packet.payload_type != announced.payload_type) broken_("not the announced payload type");
    if (announced.mid_id == 0) return;
    const auto mid = rtp::find_extension(packet, announced.mid_id);
    if (!mid || base::as_text(*mid) != announced.mid) broken_("not the announced mid");
}

void VoiceReceiver::check_header(const Stream& stream, const rtp::RtpView& packet,
                                 const Word& word) {
    const Announced& announced = stream.announced;
    check_naming(stream, packet);
    if (announced.audio_level_id != 0) {
        const auto element = rtp::find_extension(packet, announced.audio_level_id);
        const auto level = element ? rtp::parse_audio_level(*element) : std::nullopt;
        if (!level || level->dbov != dbov_of(word)) broken_("not the audio level of the word");
    }
}

void VoiceReceiver::on_rtcp(base::Instant now, base::Bytes compound) {
    base::ByteReader in(compound);
    while (!in.empty()) {
        const auto packet = rtcp::parse_rtcp(in);
        if (!packet) return broken_("a listener was sent RTCP that cannot be read");
        if (const auto report = rtcp::parse_sender_report(*packet)) {
            hear_sender_report(now, report->info);
        }
    }
}

// A sender report says which word was said when: compared with what the speaker really did, it is
// off by the way from the speaker to the worker, and by nothing else.
void VoiceReceiver::hear_sender_report(base::Instant now, const rtcp::SenderInfo& info) {
    const auto found = streams_.find(info.ssrc);
    if (found == streams_.end()) return broken_("a sender report for an SSRC nobody announced");
    Stream& stream = found->second;
    ++sender_reports_;
    stream.last_sr = rtcp::middle32(info.ntp);
    stream.last_sr_at = now;
    if (!stream.newest) return;
    const base::Duration ago =
        rtcp::from_ntp_units(rtcp::middle32(rtcp::ntp_of(now)) - stream.last_sr);
    const Said& said = people_.person(stream.speaker).mouth->said()[stream.newest->number];
    const base::Duration since_said = now - ago - said.at;
    const auto ticks = base::serial_distance(stream.newest_timestamp, info.rtp_timestamp);
    const base::Duration claimed(int64_t{ticks} * 1'000 / 48);
    worst_sender_report_ =
        std::max(worst_sender_report_, base::Duration(std::abs((claimed - since_said).count())));
}

void VoiceReceiver::send_reports(base::Instant now, uint32_t own_ssrc, const std::string& cname,
                                 MediaLeg& leg) {
    std::vector<rtcp::ReportBlock> blocks;
    for (auto& [ssrc, stream] : streams_) {
        if (!stream.newest || !stream.open || blocks.size() == rtcp::kCountMax) continue;
        const rtp::ReceptionReport report = stream.statistics.report(now);
        blocks.push_back(
            {.ssrc = ssrc,
             .fraction_lost = report.fraction_lost,
             .cumulative_lost = report.cumulative_lost,
             .highest_sequence_number = report.highest_sequence_number,
             .jitter = report.jitter,
             .last_sr = stream.last_sr,
             .delay_since_last_sr =
                 stream.last_sr == 0 ? 0 : rtcp::to_ntp_units(now - stream.last_sr_at)});
    }
    if (blocks.empty()) return;
    std::array<uint8_t, limits::kDatagramBytes> room{};
    base::ByteWriter out(room);
    rtcp::write_receiver_report(out, own_ssrc, blocks);
    rtcp::write_sdes_cname(out, own_ssrc, cname);
    leg.send_rtcp(room, out.size());
}

const std::vector<Heard::Arrival>& VoiceReceiver::arrivals(uint32_t speaker) const {
    static const std::vector<Heard::Arrival> kNone;
    const auto found = arrivals_.find(speaker);
    return found == arrivals_.end() ? kNone : found->second;
}

uint64_t VoiceReceiver::retimed() const {
    uint64_t retimed = 0;
    for (const auto& [ssrc, stream] : streams_) retimed += stream.order.retimed();
    return retimed;
}

uint64_t VoiceReceiver::missing_numbers(uint32_t speaker) const {
    const auto gone = missing_.find(speaker);
    uint64_t missing = gone == missing_.end() ? 0 : gone->second;
    for (const auto& [ssrc, stream] : streams_) {
        if (stream.newest && stream.speaker == speaker) missing += stream.order.missing();
    }
    return missing;
}

}  // namespace parley::sim
