#pragma once

#include <cstdint>

#include "worker/router/consumer.h"
#include "worker/router/pipe.h"

namespace parley::router {

// The ids of header extensions inside a pipe. RFC 6464.
constexpr uint8_t kPipeAudioLevelId = 1;

// A voice that goes into a pipe: a consumer like any other, which moreover sends again what the
// pipe's other end lacks. RFC 4588.
class PipedConsumer {
public:
    // Producer and pipe outlive it. Of the options id, paused and app_data count: what the stream
    // looks like inside a pipe is ours to say.
    PipedConsumer(ConsumerOptions options, Producer& producer, Pipe& pipe, base::Random& random);
    ~PipedConsumer();
    PipedConsumer(const PipedConsumer&) = delete;

    Consumer& stream() { return consumer_; }
    const Consumer& stream() const { return consumer_; }
    const Producer& producer() const { return producer_; }
    const Pipe& pipe() const { return pipe_; }
    uint32_t rtx_ssrc() const { return rtx_header_.ssrc(); }

    void set_paused(bool paused);

    // The producer keeps its packets only while somebody may ask for them.
    void update_keeping();

    // Sends the packet with this number of the stream's once more, under the RTX stream's own, or
    // counts why not.
    void retransmit(base::Instant now, uint16_t sequence_number, Turn& turn);

private:
    Producer& producer_;
    Pipe& pipe_;
    Consumer consumer_;
    rtp::HeaderTemplate rtx_header_;
    uint16_t rtx_sequence_number_;
    bool keeping_ = false;
};

}  // namespace parley::router
