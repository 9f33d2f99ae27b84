#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"

namespace parley::rtcp {

// RFC 3550 §12.1, RFC 4585 §6.1, RFC 3611 §2. Others are skipped by whoever meets them.
enum PacketType : uint8_t {
    kSenderReport = 200,
    kReceiverReport = 201,
    kSourceDescription = 202,
    kBye = 203,
    kApplication = 204,
    kTransportFeedback = 205,
    kPayloadFeedback = 206,
    kExtendedReport = 207,
};

constexpr size_t kHeaderBytes = 4;
constexpr size_t kCountMax = 31;  // report blocks, chunks or SSRCs in one packet

struct RtcpView {
    uint8_t count;  // blocks, chunks or SSRCs, or the feedback's format: the type decides
    uint8_t type;
    base::Bytes body;  // after the four bytes of the header, without padding; borrowed
};

// Takes one packet off the front of a compound. Nothing when the version is not 2, when the length
// reaches past the end, or when padding is anywhere but at the end of the last packet; what then
// follows can not be read. A datagram may begin with any type: reduced size, RFC 5506 §3.
// RFC 3550 §6.1, §6.4.1, A.2.
std::optional<RtcpView> parse_rtcp(base::ByteReader& in);

// SSRCs, or CSRCs, one after another; borrowed.
class SsrcList {
public:
    explicit SsrcList(base::Bytes bytes) : bytes_(bytes) {}

    size_t size() const { return bytes_.size() / 4; }

    // REQUIRES: index < size().
    uint32_t operator[](size_t index) const {
        return base::ByteReader(bytes_.subspan(4 * index)).u32();
    }

private:
    base::Bytes bytes_;
};

}  // namespace parley::rtcp
