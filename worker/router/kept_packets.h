#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/time.h"
#include "worker/limits.h"
#include "worker/rtp/header_template.h"
#include "worker/rtp/rtp_view.h"

namespace parley::router {

// One packet of a producer, to be written anew for whoever lacks it.
struct KeptPacket {
    uint32_t timestamp;
    rtp::SharedFields shared;  // csrcs are borrowed
    base::Bytes payload;       // borrowed
};

// The newest packets of one producer, under its own numbers, for all pipes that carry it. Bounded
// in bytes, packets and time; allocates once.
class KeptPackets {
public:
    KeptPackets() : room_(limits::kKeptBytes) {}

    // Copies the packet in, over the oldest. Nothing when it is longer than the whole.
    void keep(base::Instant now, const rtp::RtpView& packet, const rtp::SharedFields& shared);

    // What is borrowed holds until the next keep(). Nothing when it is not there any more, or
    // never was.
    std::optional<KeptPacket> find(base::Instant now, uint16_t sequence_number) const;

private:
    struct Entry {
        uint64_t end = 0;  // of its bytes, among all that were ever written
        base::Instant at;
        uint32_t timestamp = 0;
        uint16_t sequence_number = 0;
        uint16_t payload_size = 0;
        uint8_t csrcs_size = 0;
        bool marker = false;
        std::optional<rtp::AudioLevel> level;
    };

    // Bytes lie in room_ in one piece each, at their place modulo its size.
    uint8_t* place_for(size_t size);

    std::vector<uint8_t> room_;
    uint64_t written_ = 0;
    std::array<Entry, limits::kKeptPackets> entries_;  // at the number's remainder
};

}  // namespace parley::router
