#include "tests/bench/pipe/hop.h"

namespace parley::bench {

namespace {

constexpr uint64_t kTransport = 10, kListener = 11, kProducer = 20, kPiped = 21, kConsumer = 30;
constexpr uint32_t kSsrc = 0x1111;
constexpr size_t kSentMost = 128;
constexpr uint8_t kPayloadType = 111;

net::Path some_path(uint16_t port) {
    return {net::Address::v4(0x7f000001, port), 0};
}

router::ProducerOptions voice(uint64_t id, uint32_t ssrc) {
    router::ProducerOptions options;
    options.id = id;
    options.payload_type = kPayloadType;
    options.ssrc = ssrc;
    options.header_extensions.set(rtp::Extension::AudioLevel, router::kPipeAudioLevelId);
    return options;
}

}  // namespace

Hop::Hop() : sent_(kSentMost, std::vector<uint8_t>(limits::kDatagramBytes)) {
    first_.create_transport(now_, kTransport, {"12345678", "password"}, {});
    ENSURE(first_.produce(now_, kTransport, voice(kProducer, kSsrc)));
}

void Hop::add_listener() {
    first_.create_transport(now_, kListener, {"87654321", "password"}, {});
    router::Outlet& outlet = first_.find_transport(kListener)->transport.outlet();
    outlet.set_keys(srtp::Profile::AeadAes128Gcm, here_.local_key());
    outlet.set_path(some_path(1));
    router::ConsumerOptions options;
    options.id = kConsumer;
    options.payload_type = kPayloadType;
    options.mid = "0";
    options.header_extensions = {.mid = 1, .audio_level = 10};
    ENSURE(first_.consume(kListener, kProducer, options));
}

void Hop::add_pipe() {
    here_.connect(now_, some_path(2), there_.local_key(), there_.header(), turn_);
    there_.connect(now_, some_path(1), here_.local_key(), here_.header(), turn_);
    router::ConsumerOptions options;
    options.id = kConsumer;
    const auto made = first_.pipe_consume(here_, kProducer, options);
    ENSURE(made);
    piped_ = *made;
    const auto handle = names_.insert(
        [&](auto) { return std::make_unique<router::Router>(3, router::AppData{}, random_); });
    ENSURE(second_.pipe_produce(now_, there_, handle, voice(kPiped, piped_->stream().ssrc()),
                                piped_->rtx_ssrc()));
}

void Hop::speak(size_t payload) {
    now_ += 20ms;
    rtp::RtpView packet{};
    packet.payload_type = kPayloadType;
    packet.ssrc = kSsrc;
    packet.sequence_number = ++number_;
    packet.timestamp = 960u * number_;
    packet.payload = std::span(payload_).first(payload);
    first_.on_piped(now_, *first_.find_producer(kProducer), packet, payload, turn_);
}

void Hop::discard() {
    out_.flush();
    sent_count_ = heard_ = 0;
}

void Hop::hear_next() {
    ENSURE(heard_ < sent_count_);
    const auto packet = there_.on_rtp(now_, sent_[heard_++], turn_);
    ENSURE(packet);
    second_.on_piped(now_, packet->stream.producer, packet->packet, packet->size, turn_);
}

void Hop::retransmit_latest() {
    const uint64_t before = counters_.retransmissions_sent;
    router::PipedConsumer* consumer = first_.pipe_ends().find_consumer(kConsumer);
    // The stream begins where it pleases; a listener would know its numbers from its packets.
    consumer->retransmit(now_, latest_sent_number_, turn_);
    ENSURE(counters_.retransmissions_sent == before + 1);
}

void Hop::send(std::span<const net::Datagram> batch) {
    for (const net::Datagram& datagram : batch) {
        if (sent_count_ == sent_.size()) sent_count_ = 0;
        std::vector<uint8_t>& room = sent_[sent_count_++];
        room.assign(datagram.bytes.begin(), datagram.bytes.end());
        base::ByteReader in(room);
        in.skip(2);
        const uint16_t number = in.u16();
        in.skip(4);
        if (piped_ && in.u32() == piped_->stream().ssrc()) latest_sent_number_ = number;
    }
}

}  // namespace parley::bench
