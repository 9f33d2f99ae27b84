#include "tests/unit/engine/fixture.h"

#include <algorithm>

#include "worker/net/demux.h"
#include "worker/rtp/header_writer.h"
#include "worker/stun/writer.h"

namespace parley::test {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

void Post::send(std::span<const net::Datagram> batch) {
    for (const net::Datagram& datagram : batch) {
        waiting_[net::to_text(datagram.path.remote)].emplace_back(datagram.bytes.begin(),
                                                                  datagram.bytes.end());
    }
}

std::vector<Bytes> Post::take(const net::Path& path) {
    return std::exchange(waiting_[net::to_text(path.remote)], {});
}

namespace {

engine::Options with_listen(engine::Options options) {
    options.worker_id = "w0";
    options.pid = 42;
    if (options.listens.empty()) options.listens = {{*net::parse_ip("127.0.0.1", 40000), ""}};
    return options;
}

std::unique_ptr<dtls::Identity> identity_of(Instant now) {
    auto made = dtls::Identity::make(now);
    REQUIRE(made.ok());
    return std::move(*made);
}

srtp::Master master_of(const std::array<uint8_t, 46>& block, const dtls::SrtpKeys& keys) {
    srtp::Master master{};
    std::copy_n(block.begin(), keys.key_size, master.key.begin());
    std::copy_n(block.begin() + static_cast<ptrdiff_t>(keys.key_size), keys.salt_size,
                master.salt.begin());
    return master;
}

}  // namespace

// --- the controller's side

Bytes frame_of(FlatBufferBuilder& fbb, uint32_t id, pipe::RequestBody type, Offset<void> body) {
    const std::vector<Offset<pipe::Request>> requests = {pipe::CreateRequest(fbb, id, type, body)};
    fbb.Finish(pipe::CreateFrameDirect(fbb, &requests));
    return {fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize()};
}

Bytes hello_frame(uint16_t major, const char* name) {
    FlatBufferBuilder fbb;
    const auto hello = pipe::CreateHelloDirect(fbb, major, 0, name);
    return frame_of(fbb, 1, pipe::RequestBody::Hello, hello.Union());
}

Fixture::Fixture(uint64_t seed, engine::Options options)
    : random(seed),
      identity(identity_of(now)),
      engine(with_listen(std::move(options)), *identity, random, now) {
    engine.on_controller_connected(now, kController);
    REQUIRE(engine.on_frame(now, kController, hello_frame(), out));
    engine.take_frames();
}

std::vector<Bytes> Fixture::frames_to(engine::ControllerId controller) {
    std::vector<Bytes> frames;
    for (engine::FrameOut& frame : engine.take_frames()) {
        if (frame.controller == controller) frames.push_back(std::move(frame.bytes));
    }
    return frames;
}

Replied Fixture::ask(FlatBufferBuilder& fbb, pipe::RequestBody type, Offset<void> body) {
    const uint32_t id = ++last_request_;
    engine.take_frames();
    REQUIRE(engine.on_frame(now, speaker, frame_of(fbb, id, type, body), out));
    out.flush();
    engine.ensure_invariants();
    for (Bytes& bytes : frames_to(speaker)) {
        auto kept = std::make_shared<Bytes>(std::move(bytes));
        const auto* frame = flatbuffers::GetRoot<pipe::Frame>(kept->data());
        if (!frame->replies()) continue;
        REQUIRE(frame->replies()->size() == 1);
        REQUIRE(frame->replies()->Get(0)->id() == id);
        return {kept, frame->replies()->Get(0)};
    }
    FAIL("no reply");
    return {};
}

Replied Fixture::create_router(uint64_t id) {
    FlatBufferBuilder fbb;
    return ask(fbb, pipe::CreateCreateRouter(fbb, id));
}

Replied Fixture::create_transport(uint64_t router, uint64_t id, Bytes app_data) {
    FlatBufferBuilder fbb;
    return ask(fbb, pipe::CreateCreateTransportDirect(fbb, router, id, &app_data));
}

Replied Fixture::close_transport(uint64_t id) {
    FlatBufferBuilder fbb;
    return ask(fbb, pipe::CreateCloseTransport(fbb, id));
}

Replied Fixture::produce(uint64_t transport, uint64_t id, Encoding encoding, std::string mid,
                         bool paused, uint32_t csrc) {
    FlatBufferBuilder fbb;
    std::vector<Offset<pipe::Encoding>> encodings;
    if (encoding.ssrc != 0 || !encoding.rid.empty()) {
        encodings.push_back(pipe::CreateEncodingDirect(fbb, encoding.ssrc, encoding.rid.c_str()));
    }
    const std::vector<pipe::HeaderExtensionId> extensions = {
        {pipe::HeaderExtension::Mid, 1}, {pipe::HeaderExtension::AudioLevel, 10}};
    return ask(fbb, pipe::CreateProduceDirect(fbb, transport, id, pipe::Kind::Audio, 111, 48'000,
                                              mid.c_str(), &encodings, &extensions, "peer", paused,
                                              nullptr, csrc));
}

Replied Fixture::close_producer(uint64_t id) {
    FlatBufferBuilder fbb;
    return ask(fbb, pipe::CreateCloseProducer(fbb, id));
}

Replied Fixture::pause_producer(uint64_t id, bool paused) {
    FlatBufferBuilder fbb;
    return ask(fbb, pipe::CreatePauseProducer(fbb, id, paused));
}

Replied Fixture::consume(uint64_t transport, uint64_t id, uint64_t producer, bool paused) {
    FlatBufferBuilder fbb;
    const std::vector<pipe::HeaderExtensionId> extensions = {
        {pipe::HeaderExtension::Mid, 1}, {pipe::HeaderExtension::AudioLevel, 10}};
    return ask(fbb, pipe::CreateConsumeDirect(fbb, transport, id, producer, 100, "7", &extensions,
                                              "ada", paused));
}

Replied Fixture::close_consumer(uint64_t id) {
    FlatBufferBuilder fbb;
    return ask(fbb, pipe::CreateCloseConsumer(fbb, id));
}

Replied Fixture::pause_consumer(uint64_t id, bool paused) {
    FlatBufferBuilder fbb;
    return ask(fbb, pipe::CreatePauseConsumer(fbb, id, paused));
}

Replied Fixture::consume_slots(uint64_t transport, uint64_t first, size_t count, uint32_t self_csrc,
                               bool paused) {
    FlatBufferBuilder fbb;
    const std::vector<pipe::HeaderExtensionId> extensions = {
        {pipe::HeaderExtension::Mid, 1}, {pipe::HeaderExtension::AudioLevel, 10}};
    std::vector<Offset<pipe::Slot>> slots;
    for (uint64_t id = first; id < first + count; ++id) {
        slots.push_back(pipe::CreateSlotDirect(fbb, id, std::to_string(id).c_str()));
    }
    return ask(fbb, pipe::CreateConsumeSlotsDirect(fbb, transport, &slots, self_csrc, 100,
                                                   &extensions, "slots", paused));
}

Replied Fixture::set_slot_rules(uint64_t transport, std::vector<uint32_t> muted,
                                std::vector<uint32_t> pinned) {
    FlatBufferBuilder fbb;
    return ask(fbb, pipe::CreateSetSlotRulesDirect(fbb, transport, &muted, &pinned));
}

Replied Fixture::transport_stats(uint64_t id) {
    FlatBufferBuilder fbb;
    return ask(fbb, pipe::CreateGetTransportStats(fbb, id));
}

Replied Fixture::snapshot() {
    FlatBufferBuilder fbb;
    return ask(fbb, pipe::CreateGetSnapshot(fbb));
}

void Fixture::deliver(const net::Path& from, Bytes datagram) {
    net::Datagram one{from, datagram};
    engine.on_datagrams(now, std::span(&one, 1), out);
    out.flush();
    engine.ensure_invariants();
}

void Fixture::pass(base::Duration time) {
    const Instant until = now + time;
    while (engine.next_deadline() <= until) {
        now = std::max(now, engine.next_deadline());
        engine.on_deadline(now, out);
        out.flush();
    }
    now = until;
    engine.ensure_invariants();
}

// --- the browser's side

ModelPeer::ModelPeer(Fixture& fixture, uint64_t router, uint64_t id, uint16_t port)
    : fixture_(fixture),
      id_(id),
      path_{*net::parse_ip("192.0.2.1", port), 0},
      identity_(identity_of(fixture.now)) {
    const Replied made = fixture.create_transport(router, id);
    REQUIRE(made.ok());
    const auto* created = made->body_as_TransportCreated();
    remote_fragment_ = created->ice_parameters()->username_fragment()->str();
    remote_password_ = created->ice_parameters()->password()->str();
    std::vector<dtls::Fingerprint> remote;
    for (const auto* fingerprint : *created->fingerprints()) {
        remote.push_back({fingerprint->algorithm()->str(), fingerprint->value()->str()});
    }
    session_ = std::make_unique<dtls::Session>(*identity_, dtls::Role::Client, remote, fixture.now);
    FlatBufferBuilder fbb;
    const dtls::Fingerprint& ours = identity_->fingerprints().front();
    const std::vector<Offset<pipe::Fingerprint>> fingerprints = {
        pipe::CreateFingerprintDirect(fbb, ours.algorithm.c_str(), ours.value.c_str())};
    REQUIRE(fixture
                .ask(fbb, pipe::CreateConnectTransportDirect(fbb, id, pipe::DtlsRole::Client,
                                                             &fingerprints))
                .ok());
    check();
    handshake();
}

void ModelPeer::check(bool use_candidate) {
    const std::string username = remote_fragment_ + ":peer";
    stun::BindingRequest request;
    fixture_.random.fill(request.transaction_id);
    request.username = username;
    request.password = remote_password_;
    request.priority = 1;
    request.ice_controlling = 7;
    request.use_candidate = use_candidate;
    Bytes datagram(300);
    datagram.resize(stun::write_binding_request(datagram, request));
    fixture_.deliver(path_, datagram);
}

void ModelPeer::handshake() {
    dtls::Flight flight;
    session_->start(fixture_.now, flight);
    for (const Bytes& datagram : flight) fixture_.deliver(path_, datagram);
    for (int turns = 0; turns < 10 && dtls_state() != dtls::State::Connected; ++turns) receive();
    REQUIRE(session_->state() == dtls::State::Connected);
    const dtls::SrtpKeys& keys = *session_->keys();
    REQUIRE(keys.profile == 0x0007);
    sender_.emplace(srtp::Profile::AeadAes128Gcm, master_of(keys.local, keys));
    receiver_.emplace(srtp::Profile::AeadAes128Gcm, master_of(keys.remote, keys));
}

void ModelPeer::receive() {
    for (Bytes& datagram : fixture_.post.take(path_)) {
        const net::Protocol protocol = net::protocol_of(datagram);
        if (protocol == net::Protocol::Dtls) {
            dtls::Flight flight;
            session_->on_datagram(fixture_.now, datagram, flight);
            for (const Bytes& answer : flight) fixture_.deliver(path_, answer);
        } else if (protocol == net::Protocol::Rtp || protocol == net::Protocol::Rtcp) {
            const bool rtp = protocol == net::Protocol::Rtp;
            REQUIRE(receiver_);
            const auto size =
                rtp ? receiver_->unprotect_rtp(datagram) : receiver_->unprotect_rtcp(datagram);
            REQUIRE(size.ok());
            datagram.resize(*size);
            (rtp ? rtp_ : rtcp_).push_back(std::move(datagram));
        }
    }
}

void ModelPeer::send_rtp(Bytes packet) {
    const size_t size = packet.size();
    packet.resize(size + srtp::kMaxOverhead);
    packet.resize(sender_->protect_rtp(packet, size));
    fixture_.deliver(path_, std::move(packet));
}

void ModelPeer::send_rtcp(Bytes packet) {
    const size_t size = packet.size();
    packet.resize(size + srtp::kMaxOverhead);
    packet.resize(sender_->protect_rtcp(packet, size));
    fixture_.deliver(path_, std::move(packet));
}

std::vector<Bytes> ModelPeer::receive_rtp() {
    receive();
    return std::exchange(rtp_, {});
}

std::vector<Bytes> ModelPeer::receive_rtcp() {
    receive();
    return std::exchange(rtcp_, {});
}

Bytes rtp_bytes(const Packet& packet) {
    Bytes bytes(400);
    base::ByteWriter out(bytes);
    std::vector<rtp::ExtensionElement> elements;
    if (!packet.mid.empty()) elements.push_back({1, base::as_bytes(packet.mid)});
    const uint8_t level = static_cast<uint8_t>(-packet.dbov.value_or(0));
    if (packet.dbov) elements.push_back({10, {&level, 1}});
    rtp::write_header(out,
                      {.payload_type = packet.payload_type,
                       .sequence_number = packet.sequence_number,
                       .timestamp = packet.timestamp,
                       .ssrc = packet.ssrc},
                      elements);
    out.put(base::as_bytes(packet.payload));
    REQUIRE(out.ok());
    bytes.resize(out.size());
    return bytes;
}

}  // namespace parley::test
