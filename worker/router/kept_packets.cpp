#include "worker/router/kept_packets.h"

#include <algorithm>

namespace parley::router {

using base::Instant;

uint8_t* KeptPackets::place_for(size_t size) {
    const size_t left = room_.size() - written_ % room_.size();
    if (left < size) written_ += left;  // in one piece: from the start again
    uint8_t* const place = room_.data() + written_ % room_.size();
    written_ += size;
    return place;
}

void KeptPackets::keep(Instant now, const rtp::RtpView& packet, const rtp::SharedFields& shared) {
    Entry& entry = entries_[packet.sequence_number % entries_.size()];
    const size_t size = shared.csrcs.size() + packet.payload.size();
    if (size > room_.size()) return;
    uint8_t* const place = place_for(size);
    std::copy(shared.csrcs.begin(), shared.csrcs.end(), place);
    std::copy(packet.payload.begin(), packet.payload.end(), place + shared.csrcs.size());
    entry = {written_,
             now,
             packet.timestamp,
             packet.sequence_number,
             static_cast<uint16_t>(packet.payload.size()),
             static_cast<uint8_t>(shared.csrcs.size()),
             shared.marker,
             shared.level};
}

std::optional<KeptPacket> KeptPackets::find(Instant now, uint16_t sequence_number) const {
    const Entry& entry = entries_[sequence_number % entries_.size()];
    if (entry.sequence_number != sequence_number || now - entry.at > limits::kKept) {
        return std::nullopt;
    }
    const uint64_t size = uint64_t{entry.csrcs_size} + entry.payload_size;
    const uint64_t begin = entry.end - size;
    if (written_ - begin > room_.size()) return std::nullopt;  // written over
    const base::Bytes bytes = base::Bytes(room_).subspan(begin % room_.size(), size);
    return KeptPacket{
        entry.timestamp,
        {entry.marker, entry.level, rtp::abs_send_time(now), bytes.first(entry.csrcs_size)},
        bytes.subspan(entry.csrcs_size)};
}

}  // namespace parley::router
