#include "worker/rtp/rtp_view.h"

namespace parley::rtp {

namespace {

constexpr uint8_t kPaddingBit = 0x20;
constexpr uint8_t kExtensionBit = 0x10;
constexpr uint8_t kCsrcCountBits = 0x0f;
constexpr uint8_t kMarkerBit = 0x80;

// Cuts the padding off the end of what follows the header: its last byte says how much it is,
// itself included, so that zero is a contradiction. RFC 3550 §5.1.
bool split_padding(RtpView& view, base::Bytes rest) {
    if (rest.empty()) return false;
    view.padding = rest.back();
    if (view.padding == 0 || view.padding > rest.size()) return false;
    view.payload = rest.first(rest.size() - view.padding);
    return true;
}

}  // namespace

std::optional<RtpView> parse_rtp(base::Bytes packet) {
    base::ByteReader in(packet);
    RtpView view{};
    const uint8_t flags = in.u8();  // V(2) P(1) X(1) CC(4)
    const uint8_t type = in.u8();   // M(1) PT(7)
    view.marker = (type & kMarkerBit) != 0;
    view.payload_type = type & 0x7f;
    view.sequence_number = in.u16();
    view.timestamp = in.u32();
    view.ssrc = in.u32();
    view.csrcs = in.take(4u * (flags & kCsrcCountBits));
    if (flags & kExtensionBit) {
        view.extension_profile = in.u16();
        view.extensions = in.take(4u * in.u16());
    }
    if (!in.ok() || flags >> 6 != 2) return std::nullopt;
    view.header_size = packet.size() - in.size();
    view.payload = in.rest();
    if ((flags & kPaddingBit) && !split_padding(view, in.rest())) return std::nullopt;
    return view;
}

}  // namespace parley::rtp
