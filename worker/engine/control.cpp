#include "worker/engine/control.h"

#include <type_traits>
#include <utility>

#include "pipe_generated.h"

namespace parley::engine {

namespace {

using base::Instant;
using base::Unit;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::String;
using router::AppData;
using router::refused;

constexpr int kVerifyDepth = 16;

// The schema and the cores number their enumerations alike, so that a cast carries them over.
template <typename Wire, typename Own>
constexpr bool alike(Wire wire, Own own) {
    return static_cast<int>(wire) == static_cast<int>(own);
}
static_assert(alike(pipe::IceState::New, ice::State::New));
static_assert(alike(pipe::IceState::Connected, ice::State::Connected));
static_assert(alike(pipe::IceState::Completed, ice::State::Completed));
static_assert(alike(pipe::IceState::Disconnected, ice::State::Disconnected));
static_assert(alike(pipe::IceState::Closed, ice::State::Closed));
static_assert(alike(pipe::DtlsState::New, dtls::State::New));
static_assert(alike(pipe::DtlsState::Handshaking, dtls::State::Handshaking));
static_assert(alike(pipe::DtlsState::Connected, dtls::State::Connected));
static_assert(alike(pipe::DtlsState::Failed, dtls::State::Failed));
static_assert(alike(pipe::DtlsState::Closed, dtls::State::Closed));
static_assert(alike(pipe::HeaderExtension::Mid, rtp::Extension::Mid));
static_assert(alike(pipe::HeaderExtension::RtpStreamId, rtp::Extension::RtpStreamId));
static_assert(alike(pipe::HeaderExtension::AudioLevel, rtp::Extension::AudioLevel));
static_assert(alike(pipe::HeaderExtension::AbsSendTime, rtp::Extension::AbsSendTime));
static_assert(alike(pipe::HeaderExtension::TransportSequenceNumber,
                    rtp::Extension::TransportSequenceNumber));

pipe::ErrorCode code_of(Refusal why) {
    switch (why) {
        case Refusal::Malformed: return pipe::ErrorCode::Malformed;
        case Refusal::NotFound: return pipe::ErrorCode::NotFound;
        case Refusal::AlreadyExists: return pipe::ErrorCode::AlreadyExists;
        case Refusal::LimitReached: return pipe::ErrorCode::LimitReached;
        case Refusal::WrongState: return pipe::ErrorCode::WrongState;
        case Refusal::NotSupported: return pipe::ErrorCode::NotSupported;
        case Refusal::Ssrc: return pipe::ErrorCode::Ssrc;
    }
    return pipe::ErrorCode::Malformed;
}

// --- reading

std::string text_of(const String* text) {
    return text ? text->str() : std::string();
}

AppData bytes_of(const flatbuffers::Vector<uint8_t>* bytes) {
    return bytes ? AppData(bytes->begin(), bytes->end()) : AppData();
}

using WireExtensions = flatbuffers::Vector<const pipe::HeaderExtensionId*>;

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

// --- carrying out

struct Body {
    pipe::ReplyBody type = pipe::ReplyBody::NONE;
    Offset<void> offset = 0;
};
using Answer = Result<Body>;

template <typename T>
Answer with(Offset<T> body) {
    return Body{pipe::ReplyBodyTraits<T>::enum_value, body.Union()};
}

struct Desk {
    Instant now;
    const Worker& worker;
    router::Turn& turn;
    FlatBufferBuilder& fbb;

    Answer done(const Status& status) {
        if (!status) return base::Err{status.error()};
        return with(pipe::CreateDone(fbb));
    }
};

template <typename T>
bool app_data_fits(const T& ask) {
    return !ask.app_data() || ask.app_data()->size() <= limits::kAppDataBytes;
}

constexpr std::string_view kAppDataTooLong = "app_data is too long";

Answer carry_out(const pipe::CreateRouter& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    return desk.done(desk.worker.media.create_router(ask.router_id(), bytes_of(ask.app_data())));
}

Answer carry_out(const pipe::CloseRouter& ask, Desk& desk) {
    return desk.done(desk.worker.media.close_router(desk.now, ask.router_id(), desk.turn));
}

Answer carry_out(const pipe::SetRouterAppData& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    return desk.done(
        desk.worker.media.set_router_app_data(ask.router_id(), bytes_of(ask.app_data())));
}

Offset<pipe::IceParameters> write_ice(FlatBufferBuilder& fbb, const ice::Credentials& ice) {
    return pipe::CreateIceParametersDirect(fbb, ice.username_fragment.c_str(),
                                           ice.password.c_str());
}

Answer carry_out(const pipe::CreateTransport& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    const auto created = desk.worker.media.create_transport(
        desk.now, ask.router_id(), ask.transport_id(), bytes_of(ask.app_data()));
    if (!created) return base::Err{created.error()};
    std::vector<Offset<pipe::IceCandidate>> candidates;
    for (const Candidate& candidate : created->candidates) {
        candidates.push_back(pipe::CreateIceCandidateDirect(desk.fbb, candidate.foundation.c_str(),
                                                            candidate.priority,
                                                            candidate.ip.c_str(), candidate.port));
    }
    std::vector<Offset<pipe::Fingerprint>> fingerprints;
    for (const dtls::Fingerprint& fingerprint : created->fingerprints) {
        fingerprints.push_back(pipe::CreateFingerprintDirect(
            desk.fbb, fingerprint.algorithm.c_str(), fingerprint.value.c_str()));
    }
    const auto ice = write_ice(desk.fbb, created->ice);
    return with(pipe::CreateTransportCreatedDirect(desk.fbb, ice, &candidates, &fingerprints));
}

Answer carry_out(const pipe::ConnectTransport& ask, Desk& desk) {
    std::vector<dtls::Fingerprint> remote;
    if (ask.fingerprints()) {
        for (const pipe::Fingerprint* fingerprint : *ask.fingerprints()) {
            remote.push_back({text_of(fingerprint->algorithm()), text_of(fingerprint->value())});
        }
    }
    if (remote.empty()) return refused(Refusal::Malformed, "no fingerprint");
    const bool we_are_client = ask.role() == pipe::DtlsRole::Server;
    const Status status = desk.worker.media.connect_transport(
        desk.now, ask.transport_id(), we_are_client ? dtls::Role::Client : dtls::Role::Server,
        std::move(remote), desk.turn);
    if (!status) return base::Err{status.error()};
    return with(pipe::CreateTransportConnecting(
        desk.fbb, we_are_client ? pipe::DtlsRole::Client : pipe::DtlsRole::Server));
}

Answer carry_out(const pipe::RestartIce& ask, Desk& desk) {
    const auto credentials = desk.worker.media.restart_ice(desk.now, ask.transport_id());
    if (!credentials) return base::Err{credentials.error()};
    return with(pipe::CreateIceRestarted(desk.fbb, write_ice(desk.fbb, *credentials)));
}

Answer carry_out(const pipe::CloseTransport& ask, Desk& desk) {
    return desk.done(desk.worker.media.close_transport(desk.now, ask.transport_id(), desk.turn));
}

Answer carry_out(const pipe::SetTransportAppData& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    return desk.done(
        desk.worker.media.set_transport_app_data(ask.transport_id(), bytes_of(ask.app_data())));
}

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
    options.app_data = bytes_of(ask.app_data());
    const auto readable = read_encodings(ask, options);
    if (!readable) return base::Err{readable.error()};
    return desk.done(desk.worker.media.produce(ask.transport_id(), std::move(options)));
}

Answer carry_out(const pipe::CloseProducer& ask, Desk& desk) {
    return desk.done(desk.worker.media.close_producer(ask.producer_id(), desk.turn));
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
        pipe::CreateConsumed(desk.fbb, (*consumer)->ssrc(), (*consumer)->producer().paused()));
}

Answer carry_out(const pipe::CloseConsumer& ask, Desk& desk) {
    return desk.done(desk.worker.media.close_consumer(ask.consumer_id(), desk.turn));
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

// --- what there is

std::vector<pipe::HeaderExtensionId> write_extensions(const router::HeaderExtensionIds& ids) {
    std::vector<pipe::HeaderExtensionId> wire;
    for (size_t i = 0; i < rtp::kExtensions; ++i) {
        const uint8_t id = ids[static_cast<rtp::Extension>(i)];
        if (id != 0) wire.emplace_back(static_cast<pipe::HeaderExtension>(i), id);
    }
    return wire;
}

Offset<pipe::ProducerSnapshot> write(FlatBufferBuilder& fbb, const router::Producer& producer) {
    const router::ProducerOptions& options = producer.options();
    std::vector<Offset<pipe::Encoding>> encodings;
    if (options.ssrc || !options.rid.empty()) {
        encodings.push_back(
            pipe::CreateEncodingDirect(fbb, options.ssrc.value_or(0), options.rid.c_str()));
    }
    const auto extensions = write_extensions(options.header_extensions);
    return pipe::CreateProducerSnapshotDirect(fbb, options.id, options.payload_type,
                                              options.clock_rate, options.mid.c_str(), &encodings,
                                              &extensions, options.paused, &options.app_data);
}

Offset<pipe::ConsumerSnapshot> write(FlatBufferBuilder& fbb, const router::Consumer& consumer) {
    const router::ConsumerOptions& options = consumer.options();
    return pipe::CreateConsumerSnapshotDirect(
        fbb, options.id, consumer.producer().id(), consumer.ssrc(), options.payload_type,
        options.mid.c_str(), consumer.paused(), &options.app_data);
}

Offset<pipe::TransportSnapshot> write(FlatBufferBuilder& fbb, const router::Leg& leg) {
    std::vector<Offset<pipe::ProducerSnapshot>> producers;
    for (const router::Producer* producer : leg.producers) {
        producers.push_back(write(fbb, *producer));
    }
    std::vector<Offset<pipe::ConsumerSnapshot>> consumers;
    for (const router::Consumer* consumer : leg.consumers) {
        consumers.push_back(write(fbb, *consumer));
    }
    return pipe::CreateTransportSnapshotDirect(
        fbb, leg.transport.id(), static_cast<pipe::IceState>(leg.transport.ice().state()),
        static_cast<pipe::DtlsState>(leg.transport.dtls_state()), &producers, &consumers,
        &leg.transport.app_data());
}

Offset<pipe::RouterSnapshot> write(FlatBufferBuilder& fbb, const Router& router) {
    std::vector<Offset<pipe::TransportSnapshot>> transports;
    router.legs().for_each([&](const router::Leg& leg) { transports.push_back(write(fbb, leg)); });
    std::vector<Offset<pipe::ObserverSnapshot>> observers;
    for (const router::Observers::Entry& entry : router.observers().entries()) {
        const auto kind = entry.observes_levels() ? pipe::ObserverKind::AudioLevel
                                                  : pipe::ObserverKind::ActiveSpeaker;
        observers.push_back(pipe::CreateObserverSnapshot(fbb, entry.id, kind));
    }
    return pipe::CreateRouterSnapshotDirect(fbb, router.id(), &transports, &observers,
                                            &router.app_data());
}

Answer carry_out(const pipe::GetSnapshot&, Desk& desk) {
    std::vector<Offset<pipe::RouterSnapshot>> routers;
    desk.worker.media.routers().for_each(
        [&](const Router& router) { routers.push_back(write(desk.fbb, router)); });
    return with(pipe::CreateSnapshotDirect(desk.fbb, &routers));
}

Answer carry_out(const pipe::GetWorkerStats&, Desk& desk) {
    const router::Counters& counters = desk.turn.counters;
    const Usage& usage = desk.worker.usage;
    std::vector<Offset<pipe::DropCount>> drops;
    for (size_t i = 0; i < net::kDropKinds; ++i) {
        const auto why = static_cast<net::Drop>(i);
        const std::string_view drop = net::kDropNames[i];
        const auto name = desk.fbb.CreateString(drop.data(), drop.size());
        drops.push_back(
            pipe::CreateDropCount(desk.fbb, name, counters.drops[why] + usage.drops[why]));
    }
    const auto all_drops = desk.fbb.CreateVector(drops);
    pipe::WorkerStatsBuilder stats(desk.fbb);
    stats.add_routers(static_cast<uint32_t>(desk.worker.media.routers().size()));
    stats.add_transports(static_cast<uint32_t>(desk.worker.media.transports()));
    stats.add_producers(static_cast<uint32_t>(desk.worker.media.producers()));
    stats.add_consumers(static_cast<uint32_t>(desk.worker.media.consumers()));
    stats.add_packets_received(counters.packets_received);
    stats.add_bytes_received(counters.bytes_received);
    stats.add_packets_sent(desk.turn.out.packets());
    stats.add_bytes_sent(desk.turn.out.bytes());
    stats.add_rtp_packets_received(counters.rtp_received);
    stats.add_rtp_packets_sent(counters.copies_sent);
    stats.add_drops(all_drops);
    stats.add_handshakes_completed(counters.handshakes_completed);
    stats.add_handshakes_failed(counters.handshakes_failed);
    stats.add_cpu_ns(usage.cpu_ns);
    stats.add_resident_bytes(usage.resident_bytes);
    return with(stats.Finish());
}

float milliseconds(base::Duration duration) {
    return static_cast<float>(duration.count()) / 1000.0f;
}

float jitter_ms(uint32_t ticks, uint32_t clock_rate) {
    return static_cast<float>(ticks) * 1000.0f / static_cast<float>(clock_rate);
}

Offset<pipe::StreamStats> write_stats(FlatBufferBuilder& fbb, const router::Producer& producer) {
    const rtp::ReceiveStatistics& statistics = producer.statistics();
    return pipe::CreateStreamStats(
        fbb, producer.id(), producer.ssrc().value_or(0), statistics.packets(), statistics.bytes(),
        statistics.cumulative_lost(), static_cast<float>(statistics.fraction_lost()) / 256.0f,
        jitter_ms(statistics.jitter_ticks(), producer.options().clock_rate), -1.0f,
        producer.last_level_dbov().value_or(1));
}

Offset<pipe::StreamStats> write_stats(FlatBufferBuilder& fbb, const router::Consumer& consumer) {
    const rtcp::ReportBlock& report = consumer.last_report();
    const auto round_trip = consumer.round_trip();
    return pipe::CreateStreamStats(
        fbb, consumer.id(), consumer.ssrc(), consumer.packets_sent(), consumer.bytes_sent(),
        report.cumulative_lost, static_cast<float>(report.fraction_lost) / 256.0f,
        jitter_ms(report.jitter, consumer.producer().options().clock_rate),
        round_trip ? milliseconds(*round_trip) : -1.0f,
        consumer.producer().last_level_dbov().value_or(1));
}

const char* name_of(std::optional<srtp::Profile> profile) {
    if (!profile) return "";
    switch (*profile) {
        case srtp::Profile::AesCm128HmacSha1_80: return "AES_CM_128_HMAC_SHA1_80";
        case srtp::Profile::AeadAes128Gcm: return "AEAD_AES_128_GCM";
        case srtp::Profile::AeadAes256Gcm: return "AEAD_AES_256_GCM";
    }
    return "";
}

Answer carry_out(const pipe::GetTransportStats& ask, Desk& desk) {
    const router::Leg* leg = desk.worker.media.find_transport(ask.transport_id());
    if (!leg) return refused(Refusal::NotFound, "no such transport");
    std::vector<Offset<pipe::StreamStats>> producers, consumers;
    for (const router::Producer* producer : leg->producers) {
        producers.push_back(write_stats(desk.fbb, *producer));
    }
    for (const router::Consumer* consumer : leg->consumers) {
        consumers.push_back(write_stats(desk.fbb, *consumer));
    }
    const router::Transport& transport = leg->transport;
    const auto selected = transport.ice().selected();
    const std::string remote = selected ? net::to_text(selected->remote) : "";
    return with(pipe::CreateTransportStatsDirect(
        desk.fbb, static_cast<pipe::IceState>(transport.ice().state()),
        static_cast<pipe::DtlsState>(transport.dtls_state()), remote.c_str(),
        name_of(transport.srtp_profile()), transport.inlet().packets_received(),
        transport.inlet().bytes_received(), transport.outlet().packets_sent(),
        transport.outlet().bytes_sent(), &producers, &consumers));
}

Answer carry_out(const pipe::Hello& ask, Desk& desk) {
    const auto major = static_cast<uint16_t>(pipe::Version::Major);
    if (ask.major() != major) return refused(Refusal::NotSupported, "another major version");
    std::vector<Offset<pipe::Listen>> listens;
    for (const Listen& listen : desk.worker.media.listens()) {
        listens.push_back(pipe::CreateListenDirect(desk.fbb, net::ip_text(listen.address).c_str(),
                                                   listen.announced.c_str(), listen.address.port));
    }
    return with(pipe::CreateHelloReplyDirect(
        desk.fbb, major, static_cast<uint16_t>(pipe::Version::Minor), desk.worker.id.c_str(),
        desk.worker.pid, &listens, static_cast<uint32_t>(desk.worker.media.routers().size())));
}

Answer carry_out(const pipe::Shutdown&, Desk& desk) {
    return desk.done(Unit{});
}

Answer carry_out(const pipe::Request& request, Desk& desk) {
    // The verifier lets a union through that names a type and has no body.
    if (!request.body()) return refused(Refusal::Malformed, "no body");
    switch (request.body_type()) {
#define PARLEY_CARRY_OUT(name) \
    case pipe::RequestBody::name: return carry_out(*request.body_as_##name(), desk)
        PARLEY_CARRY_OUT(Hello);
        PARLEY_CARRY_OUT(CreateRouter);
        PARLEY_CARRY_OUT(CloseRouter);
        PARLEY_CARRY_OUT(SetRouterAppData);
        PARLEY_CARRY_OUT(CreateTransport);
        PARLEY_CARRY_OUT(ConnectTransport);
        PARLEY_CARRY_OUT(RestartIce);
        PARLEY_CARRY_OUT(CloseTransport);
        PARLEY_CARRY_OUT(SetTransportAppData);
        PARLEY_CARRY_OUT(Produce);
        PARLEY_CARRY_OUT(CloseProducer);
        PARLEY_CARRY_OUT(PauseProducer);
        PARLEY_CARRY_OUT(Consume);
        PARLEY_CARRY_OUT(CloseConsumer);
        PARLEY_CARRY_OUT(PauseConsumer);
        PARLEY_CARRY_OUT(CreateObserver);
        PARLEY_CARRY_OUT(CloseObserver);
        PARLEY_CARRY_OUT(GetSnapshot);
        PARLEY_CARRY_OUT(GetWorkerStats);
        PARLEY_CARRY_OUT(GetTransportStats);
        PARLEY_CARRY_OUT(Shutdown);
#undef PARLEY_CARRY_OUT
        case pipe::RequestBody::CreatePipe:
        case pipe::RequestBody::ConnectPipe:
        case pipe::RequestBody::ClosePipe:
        case pipe::RequestBody::PipeConsume:
        case pipe::RequestBody::PipeProduce:
        case pipe::RequestBody::GetPipeStats:
        case pipe::RequestBody::NONE: break;
    }
    return refused(Refusal::NotSupported, "no such request");
}

Offset<pipe::Reply> write_reply(FlatBufferBuilder& fbb, uint32_t id, const Answer& answer) {
    if (answer) {
        return pipe::CreateReply(fbb, id, pipe::ErrorCode::None, 0, answer->type, answer->offset);
    }
    const std::string_view reason = answer.error().reason;
    const auto text = fbb.CreateString(reason.data(), reason.size());
    return pipe::CreateReply(fbb, id, code_of(answer.error().why), text);
}

std::vector<uint8_t> finish(FlatBufferBuilder& fbb, Offset<pipe::Frame> frame) {
    fbb.Finish(frame);
    return {fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize()};
}

const pipe::Frame* read_frame(base::Bytes bytes) {
    flatbuffers::Verifier verifier(bytes.data(), bytes.size(), kVerifyDepth);
    if (!verifier.VerifyBuffer<pipe::Frame>(nullptr)) return nullptr;
    const auto* frame = flatbuffers::GetRoot<pipe::Frame>(bytes.data());
    if (!frame->requests() || frame->requests()->size() > limits::kRequestsPerFrame) return nullptr;
    return frame;
}

}  // namespace

Heard hear_frame(Instant now, base::Bytes bytes, bool greeted, const Worker& worker,
                 router::Turn& turn, std::vector<uint8_t>& reply) {
    const pipe::Frame* frame = read_frame(bytes);
    if (!frame) return Heard::Unreadable;
    FlatBufferBuilder fbb(1024);
    Desk desk{now, worker, turn, fbb};
    Heard heard = Heard::Answered;
    std::vector<Offset<pipe::Reply>> replies;
    for (const pipe::Request* request : *frame->requests()) {
        const bool hello = request->body_type() == pipe::RequestBody::Hello;
        if (hello == greeted) return Heard::Unreadable;
        const Answer answer = carry_out(*request, desk);
        replies.push_back(write_reply(fbb, request->id(), answer));
        if (hello && answer) greeted = true, heard = Heard::Greeted;
        if (request->body_type() == pipe::RequestBody::Shutdown) heard = Heard::Shutdown;
    }
    reply = finish(fbb, pipe::CreateFrameDirect(fbb, nullptr, &replies));
    return heard;
}

namespace {

struct NoticeWriter {
    FlatBufferBuilder& fbb;

    template <typename T>
    Offset<pipe::Notification> as(Offset<T> body) {
        return pipe::CreateNotification(fbb, pipe::NotificationBodyTraits<T>::enum_value,
                                        body.Union());
    }

    Offset<pipe::Notification> operator()(const router::IceStateChanged& notice) {
        return as(pipe::CreateIceStateChangedDirect(fbb, notice.transport,
                                                    static_cast<pipe::IceState>(notice.state),
                                                    notice.remote.c_str()));
    }
    Offset<pipe::Notification> operator()(const router::DtlsStateChanged& notice) {
        const std::string_view why = dtls::to_text(notice.why);
        const auto text = fbb.CreateString(why.data(), why.size());
        return as(pipe::CreateDtlsStateChanged(fbb, notice.transport,
                                               static_cast<pipe::DtlsState>(notice.state), text));
    }
    Offset<pipe::Notification> operator()(const router::Volumes& notice) {
        std::vector<Offset<pipe::Volume>> volumes;
        for (const router::Volume& volume : notice.loudest_first) {
            volumes.push_back(pipe::CreateVolume(fbb, volume.producer, volume.dbov));
        }
        return as(pipe::CreateVolumesDirect(fbb, notice.observer, &volumes));
    }
    Offset<pipe::Notification> operator()(const router::DominantSpeaker& notice) {
        return as(pipe::CreateDominantSpeaker(fbb, notice.observer, notice.producer));
    }
};

}  // namespace

std::vector<uint8_t> write_notices(const std::vector<router::Notice>& notices) {
    FlatBufferBuilder fbb(1024);
    std::vector<Offset<pipe::Notification>> all;
    for (const router::Notice& notice : notices) {
        all.push_back(std::visit(NoticeWriter{fbb}, notice));
    }
    return finish(fbb, pipe::CreateFrameDirect(fbb, nullptr, nullptr, &all));
}

}  // namespace parley::engine
