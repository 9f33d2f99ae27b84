#pragma once

#include <cstdint>

#include "tests/bench/forward/datagram_socket.h"
#include "tests/bench/forward/words.h"
#include "worker/srtp/sender.h"

namespace parley::bench {

// The ids that speakers write header extensions under, and that listeners are sent them under.
constexpr uint8_t kMidId = 1, kAbsSendTimeId = 4, kAudioLevelId = 10;

// What every speaker calls its stream in the mid header extension.
constexpr std::string_view kMid = "0";

constexpr uint8_t kPayloadType = 100;
constexpr uint32_t kTicksPerPacket = 960;  // 20 ms at 48 kHz

// Someone who speaks, over the socket that is borrowed, to one forwarder.
class Speaker {
public:
    Speaker(const DatagramSocket& socket, const sockaddr_in& forwarder, uint32_t index,
            srtp::Profile profile, const srtp::Master& to_forwarder);

    uint32_t ssrc() const { return ssrc_; }
    uint32_t spoken() const { return spoken_; }  // packets

    void speak(uint64_t now_ns, int8_t dbov = -30);

private:
    const DatagramSocket* socket_;
    sockaddr_in forwarder_;
    uint32_t index_;
    uint32_t ssrc_;
    srtp::Sender sender_;
    uint32_t spoken_ = 0;
};

}  // namespace parley::bench
