#include "worker/router/producer.h"

#include <algorithm>
#include <utility>

#include "worker/router/consumer.h"

namespace parley::router {

Producer::Producer(ProducerOptions options, uint64_t transport)
    : options_(std::move(options)),
      transport_(transport),
      ssrc_(options_.ssrc),
      statistics_(options_.clock_rate),
      sender_report_(options_.clock_rate) {}

void Producer::set_paused(bool paused) {
    if (options_.paused == paused) return;
    options_.paused = paused;
    awaited_since_ = base::Instant::never();
    restart_listeners();
}

void Producer::set_ssrc(uint32_t ssrc) {
    ssrc_ = ssrc;
    statistics_ = rtp::ReceiveStatistics(options_.clock_rate);
    sender_report_ = rtcp::SenderReportClock(options_.clock_rate);
    if (kept_) kept_ = std::make_unique<KeptPackets>();
    restart_listeners();
}

void Producer::restart_listeners() {
    for (Consumer* consumer : consumers_) consumer->restart();
    stage_.audience.for_each([](Consumer& slot) { slot.restart(); });
}

std::optional<rtp::AudioLevel> Producer::level_of(const rtp::RtpView& packet) const {
    const uint8_t id = options_.header_extensions[rtp::Extension::AudioLevel];
    if (id == 0) return std::nullopt;
    const auto element = rtp::find_extension(packet, id);
    if (!element) return std::nullopt;
    return rtp::parse_audio_level(*element);
}

bool Producer::is_consumed() const {
    return std::any_of(consumers_.begin(), consumers_.end(),
                       [](const Consumer* consumer) { return !consumer->withheld(); });
}

void Producer::remove(const Consumer& consumer) {
    std::erase(consumers_, &consumer);
}

}  // namespace parley::router
