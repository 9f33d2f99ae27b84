#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "worker/router/turn.h"
#include "worker/srtp/receiver.h"

namespace parley::router {

// Where packets of one remote end come in: the key that they are protected with, what was heard
// already, and how many there were.
class Inlet {
public:
    bool has_keys() const { return receiver_.has_value(); }
    // `streams_max`: SSRCs that the remote end may send from at once.
    void set_keys(srtp::Profile profile, const srtp::Master& master,
                  size_t streams_max = limits::kSrtpStreams) {
        receiver_.emplace(profile, master, streams_max);
    }
    void clear_keys() { receiver_.reset(); }

    void count(size_t bytes) { ++packets_received_, bytes_received_ += bytes; }

    // In place; the size of the plain packet, or nothing and a counted drop.
    std::optional<size_t> unprotect_rtp(std::span<uint8_t> packet, Turn& turn);
    std::optional<size_t> unprotect_rtcp(std::span<uint8_t> packet, Turn& turn);

    // Datagrams of any kind, good or not.
    uint64_t packets_received() const { return packets_received_; }
    uint64_t bytes_received() const { return bytes_received_; }

private:
    std::optional<srtp::Receiver> receiver_;
    uint64_t packets_received_ = 0;
    uint64_t bytes_received_ = 0;
};

}  // namespace parley::router
