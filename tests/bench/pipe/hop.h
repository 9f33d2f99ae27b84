#pragma once

#include <array>
#include <vector>

#include "common/base/random.h"
#include "worker/router/router.h"

namespace parley::bench {

// One voice in a router, and what it may go to: a listener's transport, or a pipe to a second
// router. Keys and paths are set as if they had been found.
class Hop final : private net::DatagramSink {
public:
    Hop();

    void add_listener();
    void add_pipe();

    void speak(size_t payload);       // one packet, plain, as it is after SRTP
    void deliver() { out_.flush(); }  // what was sent can be heard
    void discard();                   // what was sent and not heard
    void hear_next();                 // the next packet that was sent comes out of the pipe
    void retransmit_latest();

private:
    void send(std::span<const net::Datagram> batch) override;

    base::Instant now_ = base::Instant::from_micros(1'800'000'000'000'000);
    base::SeededRandom random_{1};
    net::Outbox out_{*this};
    router::Counters counters_;
    std::vector<router::Notice> notices_;
    router::Turn turn_{out_, counters_, notices_};
    router::Pipe here_{1, true, {}, random_}, there_{1, true, {}, random_};
    router::Router first_{1, {}, random_}, second_{2, {}, random_};
    base::Slab<router::Router> names_;  // only for a handle that names something
    uint16_t number_ = 0;
    std::array<uint8_t, 1'200> payload_{};
    std::vector<std::vector<uint8_t>> sent_;
    size_t sent_count_ = 0;
    size_t heard_ = 0;
    uint16_t latest_sent_number_ = 0;  // of the stream in the pipe
    const router::PipedConsumer* piped_ = nullptr;
};

}  // namespace parley::bench
