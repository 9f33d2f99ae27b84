#include "worker/router/piped_consumer.h"

#include <utility>

#include "worker/rtp/rtx.h"

namespace parley::router {

using base::Instant;
using net::Drop;

namespace {

constexpr rtp::ExtensionIds kExtensions{.audio_level = kPipeAudioLevelId};

ConsumerOptions inside_a_pipe(ConsumerOptions options, const Producer& producer) {
    options.payload_type = producer.options().payload_type;
    options.mid.clear();
    options.header_extensions = kExtensions;
    options.cname.clear();
    return options;
}

// Any that is not the original's: what is sent again is known by its SSRC. RFC 4588 §8.1.
constexpr uint8_t rtx_payload_type(uint8_t original) {
    return original == 127 ? 126 : 127;
}

}  // namespace

PipedConsumer::PipedConsumer(ConsumerOptions options, Producer& producer, Pipe& pipe,
                             base::Random& random)
    : producer_(producer),
      pipe_(pipe),
      consumer_(inside_a_pipe(std::move(options), producer), pipe.unused_ssrc(), &producer, 0,
                pipe.outlet(), random),
      rtx_header_(pipe.unused_ssrc(), rtx_payload_type(producer.options().payload_type), {},
                  kExtensions),
      // The first half of the circle, as for the stream itself.
      rtx_sequence_number_(static_cast<uint16_t>(random.below(0x8000))) {
    producer_.add(consumer_);
    pipe_.add(*this);
    update_keeping();
}

PipedConsumer::~PipedConsumer() {
    if (keeping_) producer_.release_kept();
    pipe_.remove(*this);
    producer_.remove(consumer_);
}

void PipedConsumer::set_paused(bool paused) {
    consumer_.set_paused(paused);
    update_keeping();
}

void PipedConsumer::update_keeping() {
    const bool keep = pipe_.repairs() && !consumer_.paused();
    if (keep == keeping_) return;
    keeping_ = keep;
    keep ? producer_.keep() : producer_.release_kept();
}

void PipedConsumer::retransmit(Instant now, uint16_t sequence_number, Turn& turn) {
    ++turn.counters.retransmissions_due;
    const auto source = consumer_.source_of(sequence_number);
    const KeptPackets* kept = keeping_ ? producer_.kept() : nullptr;
    const auto packet = kept && source ? kept->find(now, source->sequence_number) : std::nullopt;
    if (!packet) return turn.drop(Drop::RetransmissionGone);
    const size_t payload = rtp::kRtxHeaderBytes + packet->payload.size();
    if (payload > kPayloadBytesMax) return turn.drop(Drop::RetransmissionTooLong);
    const auto room = turn.out.next();
    const rtp::Mapped numbers{rtx_sequence_number_++, packet->timestamp + source->timestamp_offset};
    const size_t header = rtx_header_.write(packet->shared, numbers, 0, room);
    base::ByteWriter rtx(room.subspan(header));
    rtx.u16(sequence_number);
    rtx.put(packet->payload);
    if (!pipe_.outlet().send_rtp(room, header + payload, turn.out)) {
        return turn.drop(Drop::RetransmissionExhausted);
    }
    ++turn.counters.retransmissions_sent;
    pipe_.count_retransmission();
}

}  // namespace parley::router
