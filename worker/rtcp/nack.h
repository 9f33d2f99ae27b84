#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/base/bytes.h"
#include "worker/rtcp/rtcp_view.h"

namespace parley::rtcp {

// The format of a Generic NACK among transport feedback. RFC 4585 §6.2.1.
constexpr uint8_t kGenericNack = 1;

// The sequence numbers that one Generic NACK asks for; borrowed, and read as they are asked for.
class NackList {
public:
    explicit NackList(base::Bytes items) : items_(items) {}

    // visit(sequence_number), in the order of the items: a packet and which of the 16 after it.
    template <typename Visit>
    void for_each(Visit visit) const {
        base::ByteReader in(items_);
        while (in.size() >= 4) {
            const uint16_t first = in.u16();
            visit(first);
            for (uint16_t mask = in.u16(), next = first; mask != 0; mask >>= 1) {
                ++next;
                if (mask & 1) visit(next);
            }
        }
    }

private:
    base::Bytes items_;
};

struct Nack {
    uint32_t sender_ssrc;
    uint32_t media_ssrc;  // of the stream that lacks them
    NackList missing;
};

// Nothing when the packet is something else, has no items, or a part of one.
std::optional<Nack> parse_nack(const RtcpView& packet);

// Writes one packet that asks for all of these. REQUIRES: in their order on the circle, each once.
void write_nack(base::ByteWriter& out, uint32_t sender_ssrc, uint32_t media_ssrc,
                std::span<const uint16_t> missing);

// The most bytes that write_nack() needs for so many.
constexpr size_t nack_bytes_max(size_t missing) {
    return kHeaderBytes + 8 + 4 * missing;
}

}  // namespace parley::rtcp
