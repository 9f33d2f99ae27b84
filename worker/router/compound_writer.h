#pragma once

#include "common/base/bytes.h"
#include "worker/router/outlet.h"

namespace parley::router {

// RTCP that leaves: one compound at a time, written in the outbox where it leaves from.
// REQUIRES: the outlet can send.
class CompoundWriter {
public:
    // A compound stays below what any path carries whole, with the SRTCP trailer.
    static constexpr size_t kBytesMax = 1200;

    CompoundWriter(Outlet& outlet, net::Outbox& out) : outlet_(outlet), out_(out) { begin(); }
    ~CompoundWriter() { end(); }
    CompoundWriter(const CompoundWriter&) = delete;

    // Room for a packet of `size` bytes, in this compound or the next.
    base::ByteWriter& with_room_for(size_t size) {
        if (writer_.size() + size > kBytesMax) {
            end();
            begin();
        }
        return writer_;
    }

private:
    void begin() {
        room_ = out_.next();
        writer_ = base::ByteWriter(room_.first(kBytesMax));
    }
    void end() {
        if (writer_.size() > 0) outlet_.send_rtcp(room_, writer_.size(), out_);
    }

    Outlet& outlet_;
    net::Outbox& out_;
    std::span<uint8_t> room_;
    base::ByteWriter writer_{{}};
};

}  // namespace parley::router
