#include "tests/sim/srtp_index_law.h"

#include <algorithm>

namespace parley::sim {

std::optional<std::string> SrtpIndexLaw::on_rtp(uint64_t key, base::Bytes packet,
                                                uint64_t digest) {
    base::ByteReader in(packet);
    in.skip(2);
    const uint16_t sequence_number = in.u16();
    in.skip(4);
    const uint32_t ssrc = in.u32();
    if (!in.ok()) return "an RTP packet without a header";
    const uint64_t name = base::mix(key << 32 | ssrc);
    std::unique_ptr<Stream>* known = streams_.find(name);
    Stream& stream = known ? **known : *streams_.insert(name, std::make_unique<Stream>());
    // From one rollover on, so that a packet that overtook the first has an index, too.
    if (!stream.unwrapper.started()) stream.unwrapper.advance(0);
    const int64_t index = stream.unwrapper.advance(sequence_number) + (1 << 16);
    const int64_t newest = std::max(stream.highest, index);
    if (stream.highest >= 0 && index + static_cast<int64_t>(kRemembered) <= stream.highest) {
        return "an SRTP index that went far back, SSRC " + std::to_string(ssrc);
    }
    Seen& seen = stream.seen[static_cast<size_t>(index) % kRemembered];
    const Seen now{index, static_cast<uint32_t>(digest)};
    stream.highest = newest;
    if (seen.index == index && seen.digest != now.digest) {
        return "an SRTP index used twice with one key, SSRC " + std::to_string(ssrc);
    }
    seen = now;
    return std::nullopt;
}

std::optional<std::string> SrtpIndexLaw::on_rtcp(uint64_t key, base::Bytes packet) {
    if (packet.size() < 12) return "an SRTCP packet without a header";
    const uint32_t index = base::ByteReader(packet.last(4)).u32() & 0x7fffffff;
    const uint32_t* next = next_rtcp_.find(key);
    if (next && index < *next) return "an SRTCP index used twice with one key";
    next_rtcp_.insert(key, index + 1);
    return std::nullopt;
}

}  // namespace parley::sim
