#include "worker/srtp/receiver.h"

#include "worker/srtp/packet_index.h"
#include "worker/srtp/wire.h"

namespace parley::srtp {

using base::Err;

namespace {

// A sequence number from before the first rollover can only be a jump ahead within it: whether
// the sender meant that, authentication says.
uint64_t likely_index(const base::ReplayWindow* window, uint16_t sequence_number) {
    if (window == nullptr) return sequence_number;
    const int64_t nearest = nearest_index(window->highest(), sequence_number);
    return nearest < 0 ? sequence_number : static_cast<uint64_t>(nearest);
}

}  // namespace

Receiver::Receiver(Profile profile, const Master& master, size_t streams_max)
    : transform_(make_transform(profile, master)),
      rtp_(streams_max),
      rtcp_(streams_max),
      profile_(profile) {}

base::Result<size_t, Error> Receiver::unprotect_rtp(std::span<uint8_t> packet) {
    if (packet.size() < tag_size(profile_)) return Err{Error::Malformed};
    const size_t size = packet.size() - tag_size(profile_);
    const auto head = parse_rtp_head(packet.first(size));
    if (!head) return Err{Error::Malformed};
    const base::ReplayWindow* window = rtp_.find(head->ssrc);
    const uint64_t index = likely_index(window, head->sequence_number);
    if (index >= kRtpIndexes) return Err{Error::Exhausted};
    if (window != nullptr && window->heard(index)) return Err{Error::Replayed};
    const bool authentic = with(transform_, [&](auto& transform) {
        return transform.open_rtp(packet, head->size, head->ssrc, index);
    });
    if (!authentic) return Err{Error::Unauthenticated};
    if (window == nullptr && !rtp_.has_room()) return Err{Error::TooManyStreams};
    rtp_.add(head->ssrc, index);
    return size;
}

base::Result<size_t, Error> Receiver::unprotect_rtcp(std::span<uint8_t> packet) {
    const size_t overhead = tag_size(profile_) + kRtcpTrailerSize;
    if (packet.size() < kRtcpHeadSize + overhead) return Err{Error::Malformed};
    const auto ssrc = parse_rtcp_ssrc(packet);
    if (!ssrc) return Err{Error::Malformed};
    // The trailer is the very end for AEAD and stands before the tag otherwise: RFC 7714 §9.2.
    const bool aead = profile_ != Profile::AesCm128HmacSha1_80;
    const size_t behind = kRtcpTrailerSize + (aead ? 0 : tag_size(profile_));
    const uint32_t trailer = base::ByteReader(packet.last(behind)).u32();
    if (trailer >> 31 == 0) return Err{Error::Malformed};
    const uint32_t index = trailer & 0x7fffffff;
    const base::ReplayWindow* window = rtcp_.find(*ssrc);
    if (window != nullptr && window->heard(index)) return Err{Error::Replayed};
    const bool authentic = with(
        transform_, [&](auto& transform) { return transform.open_rtcp(packet, *ssrc, index); });
    if (!authentic) return Err{Error::Unauthenticated};
    if (window == nullptr && !rtcp_.has_room()) return Err{Error::TooManyStreams};
    rtcp_.add(*ssrc, index);
    return packet.size() - overhead;
}

}  // namespace parley::srtp
