#include "worker/router/leg.h"

namespace parley::router {

namespace {

// The text of the element, "" when there is none.
std::string_view text_in(const rtp::RtpView& packet, uint8_t id) {
    const auto element = id == 0 ? std::nullopt : rtp::find_extension(packet, id);
    return element ? base::as_text(*element) : std::string_view();
}

}  // namespace

Producer* Leg::producer_of(const rtp::RtpView& packet) {
    if (Producer** known = producer_by_ssrc.find(packet.ssrc)) return *known;
    Producer* producer = learn(packet);
    if (!producer) return nullptr;
    if (const auto before = producer->ssrc()) producer_by_ssrc.erase(*before);
    producer->set_ssrc(packet.ssrc);
    producer_by_ssrc.insert(packet.ssrc, producer);
    return producer;
}

void Leg::forget_learned(uint32_t ssrc) {
    Producer** producer = producer_by_ssrc.find(ssrc);
    if (!producer || (*producer)->options().ssrc == ssrc) return;
    (*producer)->forget_ssrc();
    producer_by_ssrc.erase(ssrc);
}

bool Leg::names(const ProducerOptions& options) const {
    if (options.ssrc && (producer_by_ssrc.contains(*options.ssrc) ||
                         consumer_by_ssrc.contains(*options.ssrc))) {
        return true;
    }
    return std::any_of(producers.begin(), producers.end(), [&](const Producer* other) {
        const ProducerOptions& taken = other->options();
        const bool named = !options.mid.empty() || !options.rid.empty();
        return named && taken.mid == options.mid && taken.rid == options.rid;
    });
}

Producer* Leg::learn(const rtp::RtpView& packet) {
    for (Producer* producer : producers) {
        const ProducerOptions& options = producer->options();
        const HeaderExtensionIds& ids = options.header_extensions;
        const std::string_view mid = text_in(packet, ids[rtp::Extension::Mid]);
        if (options.rid.empty()) {
            if (!mid.empty() && mid == options.mid) return producer;
        } else if (text_in(packet, ids[rtp::Extension::RtpStreamId]) == options.rid) {
            // Of several m-lines each may have the same rid: the mid, when it is said, decides.
            if (mid.empty() || options.mid.empty() || mid == options.mid) return producer;
        }
    }
    return nullptr;
}

}  // namespace parley::router
