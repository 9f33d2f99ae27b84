#include "worker/srtp/sender.h"

#include "worker/srtp/wire.h"

namespace parley::srtp {

Sender::Sender(Profile profile, const Master& master)
    : transform_(make_transform(profile, master)), profile_(profile) {}

size_t Sender::protect_rtp(std::span<uint8_t> room, size_t size) {
    if (size > room.size() || room.size() - size < tag_size(profile_)) return 0;
    const auto head = parse_rtp_head(room.first(size));
    if (!head || packets_ == kRtpIndexes) return 0;
    uint64_t* highest = highest_.find(head->ssrc);
    if (highest == nullptr) highest = &highest_.insert(head->ssrc, head->sequence_number);
    const int64_t nearest = nearest_index(*highest, head->sequence_number);
    if (nearest < 0 || nearest >= static_cast<int64_t>(kRtpIndexes)) return 0;
    const uint64_t index = static_cast<uint64_t>(nearest);
    if (index > *highest) *highest = index;
    ++packets_;
    return with(transform_, [&](auto& transform) {
        return transform.seal_rtp(room, head->size, size, head->ssrc, index);
    });
}

size_t Sender::protect_rtcp(std::span<uint8_t> room, size_t size) {
    if (size > room.size()) return 0;
    if (room.size() - size < tag_size(profile_) + kRtcpTrailerSize) return 0;
    const auto ssrc = parse_rtcp_ssrc(room.first(size));
    if (!ssrc || next_rtcp_index_ == kRtcpIndexes) return 0;
    const uint32_t index = next_rtcp_index_++;
    return with(transform_,
                [&](auto& transform) { return transform.seal_rtcp(room, size, *ssrc, index); });
}

std::optional<uint64_t> Sender::highest_index(uint32_t ssrc) const {
    const uint64_t* highest = highest_.find(ssrc);
    return highest == nullptr ? std::nullopt : std::optional(*highest);
}

}  // namespace parley::srtp
