#include "tests/bench/forward/speaker.h"

#include "tests/bench/forward/failure.h"
#include "worker/rtp/header_writer.h"

namespace parley::bench {

Speaker::Speaker(const DatagramSocket& socket, const sockaddr_in& forwarder, uint32_t index,
                 srtp::Profile profile, const srtp::Master& to_forwarder)
    : socket_(&socket),
      forwarder_(forwarder),
      index_(index),
      ssrc_(0x5eed0000 + index),
      sender_(profile, to_forwarder) {}

void Speaker::speak(uint64_t now_ns, int8_t dbov) {
    std::array<uint8_t, 512> room;
    base::ByteWriter out(room);
    const std::array<uint8_t, 1> level = {static_cast<uint8_t>(0x80 | -dbov)};  // voice
    const std::array<uint8_t, 3> time = {0, 0, 0};
    const rtp::ExtensionElement elements[] = {
        {kMidId, base::as_bytes(kMid)}, {kAudioLevelId, level}, {kAbsSendTimeId, time}};
    rtp::write_header(out,
                      {.payload_type = kPayloadType,
                       .sequence_number = static_cast<uint16_t>(spoken_),
                       .timestamp = spoken_ * kTicksPerPacket,
                       .ssrc = ssrc_},
                      elements);
    write_words({now_ns, index_, spoken_}, std::span(room).subspan(out.size()));
    const size_t size = sender_.protect_rtp(room, out.size() + kWordsBytes);
    require(size > 0, "the generator could not protect a packet");
    socket_->send(std::span(room).first(size), forwarder_);
    ++spoken_;
}

}  // namespace parley::bench
