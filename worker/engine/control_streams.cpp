#include "worker/engine/control_desk.h"

#include <utility>

namespace parley::engine {

using base::Unit;
using router::refused;

Result<router::HeaderExtensionIds> extensions_of(const WireExtensions* wire) {
    router::HeaderExtensionIds ids;
    if (!wire) return ids;
    for (const pipe::HeaderExtensionId* entry : *wire) {
        const auto extension = static_cast<size_t>(entry->extension());
        if (entry->id() == 0) return refused(Refusal::Malformed, "header extension id is 0");
        if (extension >= rtp::kExtensions) continue;  // of a later version
        ids.set(static_cast<rtp::Extension>(extension), entry->id());
    }
    return ids;
}

rtp::ExtensionIds consumer_extensions(const router::HeaderExtensionIds& ids) {
    return {ids[rtp::Extension::Mid], ids[rtp::Extension::AudioLevel],
            ids[rtp::Extension::AbsSendTime], ids[rtp::Extension::TransportSequenceNumber]};
}

namespace {

// A voice has one encoding, or none: then it is found by its mid.
Result<Unit> read_encodings(const pipe::Produce& ask, router::ProducerOptions& options) {
    const size_t count = ask.encodings() ? ask.encodings()->size() : 0;
    if (count > 1) return refused(Refusal::Malformed, "a voice has one encoding");
    if (count == 1) {
        const pipe::Encoding& encoding = *ask.encodings()->Get(0);
        if (encoding.ssrc() != 0) options.ssrc = encoding.ssrc();
        options.rid = text_of(encoding.rid());
    }
    if (!options.ssrc && options.rid.empty() && options.mid.empty()) {
        return refused(Refusal::Malformed, "neither SSRC nor mid nor rid");
    }
    if (options.mid.size() > limits::kMidBytes || options.rid.size() > limits::kMidBytes) {
        return refused(Refusal::Malformed, "mid or rid is too long");
    }
    return Unit{};
}

}  // namespace

Answer carry_out(const pipe::Produce& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    if (ask.kind() != pipe::Kind::Audio) return refused(Refusal::NotSupported, "only audio");
    if (ask.payload_type() > 127) return refused(Refusal::Malformed, "payload type over 127");
    if (ask.clock_rate() == 0) return refused(Refusal::Malformed, "clock rate is 0");
    const auto extensions = extensions_of(ask.header_extensions());
    if (!extensions) return base::Err{extensions.error()};
    router::ProducerOptions options;
    options.id = ask.producer_id();
    options.payload_type = ask.payload_type();
    options.clock_rate = ask.clock_rate();
    options.mid = text_of(ask.mid());
    options.header_extensions = *extensions;
    options.paused = ask.paused();
    options.csrc = ask.csrc();
    options.app_data = bytes_of(ask.app_data());
    const auto readable = read_encodings(ask, options);
    if (!readable) return base::Err{readable.error()};
    return desk.done(desk.worker.media.produce(desk.now, ask.transport_id(), std::move(options)));
}

Answer carry_out(const pipe::CloseProducer& ask, Desk& desk) {
    return desk.done(desk.worker.media.close_producer(desk.now, ask.producer_id(), desk.turn));
}

Answer carry_out(const pipe::PauseProducer& ask, Desk& desk) {
    return desk.done(desk.worker.media.pause_producer(ask.producer_id(), ask.paused()));
}

Answer carry_out(const pipe::Consume& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    if (ask.payload_type() > 127) return refused(Refusal::Malformed, "payload type over 127");
    const auto extensions = extensions_of(ask.header_extensions());
    if (!extensions) return base::Err{extensions.error()};
    router::ConsumerOptions options{ask.consumer_id(),       ask.payload_type(),
                                    text_of(ask.mid()),      consumer_extensions(*extensions),
                                    text_of(ask.cname()),    ask.paused(),
                                    bytes_of(ask.app_data())};
    if (options.mid.size() > limits::kMidBytes) {
        return refused(Refusal::Malformed, "mid is too long");
    }
    if (options.cname.size() > 255) return refused(Refusal::Malformed, "cname is too long");
    const auto consumer =
        desk.worker.media.consume(ask.transport_id(), ask.producer_id(), std::move(options));
    if (!consumer) return base::Err{consumer.error()};
    return with(
        pipe::CreateConsumed(desk.fbb, (*consumer)->ssrc(), (*consumer)->producer()->paused()));
}

Answer carry_out(const pipe::CloseConsumer& ask, Desk& desk) {
    return desk.done(desk.worker.media.close_consumer(desk.now, ask.consumer_id(), desk.turn));
}

Answer carry_out(const pipe::PauseConsumer& ask, Desk& desk) {
    return desk.done(desk.worker.media.pause_consumer(ask.consumer_id(), ask.paused()));
}

Answer carry_out(const pipe::CreateObserver& ask, Desk& desk) {
    const base::Duration interval = std::chrono::milliseconds(ask.interval_ms());
    if (interval < 50ms) return refused(Refusal::Malformed, "an interval is at least 50 ms");
    router::Observing what = router::ActiveSpeakerObserver::Options{interval};
    if (ask.kind() == pipe::ObserverKind::AudioLevel) {
        if (ask.threshold_dbov() > 0) return refused(Refusal::Malformed, "threshold over 0 dBov");
        what =
            router::AudioLevelObserver::Options{interval, ask.threshold_dbov(), ask.max_entries()};
    } else if (ask.kind() != pipe::ObserverKind::ActiveSpeaker) {
        return refused(Refusal::NotSupported, "no such kind of observer");
    }
    return desk.done(desk.worker.media.observe(desk.now, ask.router_id(), ask.observer_id(), what));
}

Answer carry_out(const pipe::CloseObserver& ask, Desk& desk) {
    return desk.done(desk.worker.media.close_observer(ask.observer_id()));
}

}  // namespace parley::engine
