#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/forward/datagram_socket.h"
#include "worker/srtp/receiver.h"

namespace parley::bench {

// Someone who listens, over the socket that is borrowed, and trusts nobody: every packet has the
// next sequence number of a voice that was promised, and those that are decrypted say what their
// speaker said.
class Listener {
public:
    Listener(const DatagramSocket& socket, srtp::Profile profile,
             const srtp::Master& from_forwarder);

    // From now on the words of a speaker come under this SSRC, from the one with this number on.
    void expect_voice(uint32_t ssrc, uint32_t speaker, uint32_t number) {
        voices_.push_back({ssrc, speaker, number});
    }

    // Decrypt every so many packets of a voice. The first kFirst of each are decrypted anyway.
    void check_every(uint32_t packets) { check_every_ = packets; }

    // Hears what waits, without waiting, and notes how late each decrypted packet is. Throws
    // Failure for whatever should not be heard.
    void listen(DatagramReader& reader, std::vector<uint32_t>& latencies_ns);

    uint64_t heard() const { return heard_; }  // packets of all voices

private:
    static constexpr uint32_t kFirst = 50;

    struct Voice {
        uint32_t ssrc;
        uint32_t speaker;
        uint32_t next_number;
        uint32_t heard = 0;
        uint16_t next_sequence_number = 0;
    };

    void hear(std::span<uint8_t> packet, std::vector<uint32_t>& latencies_ns);
    Voice& voice_of(uint32_t ssrc);
    void check(const Voice& voice, std::span<uint8_t> packet,
               std::vector<uint32_t>& latencies_ns);
    [[noreturn]] void fail(const std::string& what) const;

    const DatagramSocket* socket_;
    srtp::Receiver receiver_;
    std::vector<Voice> voices_;
    uint32_t check_every_ = 1;
    uint64_t heard_ = 0;
};

}  // namespace parley::bench
