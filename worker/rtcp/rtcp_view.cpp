#include "worker/rtcp/rtcp_view.h"

namespace parley::rtcp {

std::optional<RtcpView> parse_rtcp(base::ByteReader& in) {
    const uint8_t flags = in.u8();  // V(2) P(1) count(5)
    const uint8_t type = in.u8();
    base::Bytes body = in.take(4u * in.u16());  // the length counts words after the header
    if (!in.ok() || flags >> 6 != 2) return std::nullopt;
    if (flags & 0x20) {
        // The last byte counts the padding, itself included, in whole words. RFC 3550 §6.4.1.
        if (body.empty() || !in.empty()) return std::nullopt;
        const size_t padding = body.back();
        if (padding == 0 || padding % 4 != 0 || padding > body.size()) return std::nullopt;
        body = body.first(body.size() - padding);
    }
    return RtcpView{static_cast<uint8_t>(flags & 0x1f), type, body};
}

}  // namespace parley::rtcp
