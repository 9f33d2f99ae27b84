#include "tests/bench/forward/listener.h"

#include <algorithm>

#include "tests/bench/forward/clock.h"
#include "tests/bench/forward/failure.h"
#include "tests/bench/forward/words.h"
#include "worker/net/demux.h"
#include "worker/rtp/rtp_view.h"

namespace parley::bench {

Listener::Listener(const DatagramSocket& socket, srtp::Profile profile,
                   const srtp::Master& from_forwarder)
    : socket_(&socket), receiver_(profile, from_forwarder) {}

void Listener::listen(DatagramReader& reader, std::vector<uint32_t>& latencies_ns) {
    const size_t count = reader.read(socket_->fd());
    for (size_t i = 0; i < count; ++i) {
        const auto packet = reader.datagram(i);
        // Reports and answers to checks come here too.
        if (net::protocol_of(packet) == net::Protocol::Rtp) hear(packet, latencies_ns);
    }
}

// The header is readable before the packet is decrypted.
void Listener::hear(std::span<uint8_t> packet, std::vector<uint32_t>& latencies_ns) {
    base::ByteReader in(packet);
    in.skip(2);
    const uint16_t sequence_number = in.u16();
    in.skip(4);
    Voice& voice = voice_of(in.u32());
    if (voice.heard > 0 && sequence_number != voice.next_sequence_number) {
        fail("heard sequence number " + std::to_string(sequence_number) + " instead of " +
             std::to_string(voice.next_sequence_number));
    }
    if (voice.heard < kFirst || voice.heard % check_every_ == 0) {
        check(voice, packet, latencies_ns);
    }
    voice.next_sequence_number = static_cast<uint16_t>(sequence_number + 1);
    ++voice.next_number;
    ++voice.heard;
    ++heard_;
}

Listener::Voice& Listener::voice_of(uint32_t ssrc) {
    for (Voice& voice : voices_) {
        if (voice.ssrc == ssrc) return voice;
    }
    fail("heard an SSRC that nobody promised");
}

void Listener::check(const Voice& voice, std::span<uint8_t> packet,
                     std::vector<uint32_t>& latencies_ns) {
    const auto size = receiver_.unprotect_rtp(packet);
    if (!size) fail("heard a packet that is not authentic");
    const auto view = rtp::parse_rtp(packet.first(*size));
    if (!view) fail("heard a packet that is not RTP");
    const auto words = read_words(view->payload);
    if (!words) fail("heard a payload that was changed");
    if (words->speaker != voice.speaker || words->number != voice.next_number) {
        fail("heard packet " + std::to_string(words->number) + " of speaker " +
             std::to_string(words->speaker) + " instead of packet " +
             std::to_string(voice.next_number) + " of speaker " + std::to_string(voice.speaker));
    }
    const uint64_t latency = now_ns() - words->spoken_ns;
    latencies_ns.push_back(static_cast<uint32_t>(std::min<uint64_t>(latency, UINT32_MAX)));
}

void Listener::fail(const std::string& what) const {
    throw Failure("the listener at port " + std::to_string(socket_->port()) + " " + what);
}

}  // namespace parley::bench
