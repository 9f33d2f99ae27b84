#pragma once

#include <cstdint>

#include "common/base/bytes.h"
#include "common/base/ensure.h"
#include "worker/rtcp/rtcp_view.h"

namespace parley::rtcp {

// One packet of a compound while it is written: the header goes in front, and the length, known at
// the end, is filled in there. RFC 3550 §6.4.1.
class PacketWriter {
public:
    // REQUIRES: count <= kCountMax.
    PacketWriter(base::ByteWriter& out, uint8_t type, size_t count)
        : out_(out), begin_(out.size()) {
        ENSURE(count <= kCountMax);
        out_.u8(static_cast<uint8_t>(0x80 | count));
        out_.u8(type);
        out_.u16(0);
    }

    // Pads with zeros to a whole word, and ends the packet.
    void finish() {
        out_.zeros((4 - (out_.size() - begin_) % 4) % 4);
        const size_t words = (out_.size() - begin_) / 4;
        if (out_.ok()) out_.u16_at(begin_ + 2, static_cast<uint16_t>(words - 1));
    }

private:
    base::ByteWriter& out_;
    size_t begin_;
};

}  // namespace parley::rtcp
