#include "tests/support/worker_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "common/shell/frames.h"
#include "common/shell/unix_socket.h"
#include "pipe_generated.h"
#include "worker/limits.h"

namespace parley::support {

namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

constexpr int kAnswerWithin_ms = 10'000;
constexpr int kAppearsWithin_ms = 5'000;
constexpr auto kLookAgain = std::chrono::milliseconds(5);

Offset<flatbuffers::Vector<Offset<pipe::Fingerprint>>> write_fingerprints(
    FlatBufferBuilder& fbb, std::span<const dtls::Fingerprint> fingerprints) {
    std::vector<Offset<pipe::Fingerprint>> written;
    for (const dtls::Fingerprint& fingerprint : fingerprints) {
        written.push_back(pipe::CreateFingerprintDirect(fbb, fingerprint.algorithm.c_str(),
                                                        fingerprint.value.c_str()));
    }
    return fbb.CreateVector(written);
}

std::vector<pipe::HeaderExtensionId> extensions_of(const ExtensionIds& ids) {
    std::vector<pipe::HeaderExtensionId> all;
    const auto add = [&](pipe::HeaderExtension extension, uint8_t id) {
        if (id != 0) all.emplace_back(extension, id);
    };
    add(pipe::HeaderExtension::Mid, ids.mid);
    add(pipe::HeaderExtension::AudioLevel, ids.audio_level);
    add(pipe::HeaderExtension::AbsSendTime, ids.abs_send_time);
    return all;
}

shell::Fd connect(const std::string& socket) {
    for (int waited_ms = 0;; waited_ms += kLookAgain.count()) {
        auto fd = shell::connect_unix(socket);
        if (fd) return std::move(*fd);
        if (waited_ms >= kAppearsWithin_ms) throw WorkerError(fd.error());
        std::this_thread::sleep_for(kLookAgain);
    }
}

}  // namespace

class WorkerClient::Connection {
public:
    explicit Connection(const std::string& socket)
        : fd_(connect(socket)), frames_(limits::kPipeFrameBytes), room_(64 * 1024) {}

    // What the next request is built in.
    FlatBufferBuilder& builder() {
        builder_.Clear();
        return builder_;
    }

    // Asks for what was built, and returns the answer's body, which is borrowed until the next.
    template <typename Reply, typename Body>
    const Reply& ask(Offset<Body> body) {
        const auto request = pipe::CreateRequest(
            builder_, ++last_id_, pipe::RequestBodyTraits<Body>::enum_value, body.Union());
        const std::vector<Offset<pipe::Request>> requests{request};
        builder_.Finish(pipe::CreateFrameDirect(builder_, &requests));
        send(shell::frame_prefix(builder_.GetSize()));
        send({builder_.GetBufferPointer(), builder_.GetSize()});
        const pipe::Reply& reply = await_reply();
        if (reply.error() != pipe::ErrorCode::None) {
            const std::string reason = reply.reason() ? reply.reason()->str() : "";
            throw WorkerError(
                "the worker refuses " +
                std::string(pipe::EnumNameRequestBody(pipe::RequestBodyTraits<Body>::enum_value)) +
                ": " + reason);
        }
        const Reply* answer = reply.body_as<Reply>();
        if (!answer) throw WorkerError("the worker answers something else than was asked");
        return *answer;
    }

private:
    void send(std::span<const uint8_t> bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent > 0)
                bytes = bytes.subspan(static_cast<size_t>(sent));
            else
                wait_for(POLLOUT);
        }
    }

    // Notifications are passed over.
    const pipe::Reply& await_reply() {
        for (;;) {
            const pipe::Frame& frame = receive();
            if (!frame.replies()) continue;
            for (const pipe::Reply* reply : *frame.replies()) {
                if (reply->id() == last_id_) return *reply;
            }
        }
    }

    const pipe::Frame& receive() {
        while (!frames_.take(unread_)) {
            wait_for(POLLIN);
            const ssize_t size = recv(fd_.get(), room_.data(), room_.size(), 0);
            if (size == 0) throw WorkerError("the worker has hung up");
            if (size > 0) unread_ = {room_.data(), static_cast<size_t>(size)};
        }
        const base::Bytes body = frames_.body();
        flatbuffers::Verifier verifier(body.data(), body.size());
        if (!pipe::VerifyFrameBuffer(verifier)) throw WorkerError("the worker sent no Frame");
        return *pipe::GetFrame(body.data());
    }

    void wait_for(short events) {
        pollfd wanted{fd_.get(), events, 0};
        if (poll(&wanted, 1, kAnswerWithin_ms) == 0) {
            throw WorkerError("the worker does not answer");
        }
    }

    shell::Fd fd_;
    shell::FrameReader frames_;
    std::vector<uint8_t> room_;
    base::Bytes unread_;
    FlatBufferBuilder builder_;
    uint32_t last_id_ = 0;
};

WorkerClient::WorkerClient(const std::string& socket)
    : connection_(std::make_unique<Connection>(socket)) {
    FlatBufferBuilder& fbb = connection_->builder();
    connection_->ask<pipe::HelloReply>(
        pipe::CreateHelloDirect(fbb, static_cast<uint16_t>(pipe::MajorVersion::Current),
                                static_cast<uint16_t>(pipe::MinorVersion::Current), "test"));
}

WorkerClient::~WorkerClient() = default;

void WorkerClient::create_router(uint64_t router) {
    FlatBufferBuilder& fbb = connection_->builder();
    connection_->ask<pipe::Done>(pipe::CreateCreateRouter(fbb, router));
}

TransportCreated WorkerClient::create_transport(uint64_t router, uint64_t transport) {
    FlatBufferBuilder& fbb = connection_->builder();
    const auto& made = connection_->ask<pipe::TransportCreated>(
        pipe::CreateCreateTransport(fbb, router, transport));
    if (!made.ice_parameters() || !made.ice_candidates() || made.ice_candidates()->size() == 0 ||
        !made.fingerprints()) {
        throw WorkerError("the worker does not say how its transport is reached");
    }
    const pipe::IceCandidate* candidate = made.ice_candidates()->Get(0);
    TransportCreated created{made.ice_parameters()->username_fragment()->str(),
                             made.ice_parameters()->password()->str(),
                             candidate->ip()->str(),
                             candidate->port(),
                             {}};
    for (const pipe::Fingerprint* fingerprint : *made.fingerprints()) {
        created.fingerprints.push_back(
            {fingerprint->algorithm()->str(), fingerprint->value()->str()});
    }
    return created;
}

void WorkerClient::connect_transport(uint64_t transport,
                                     std::span<const dtls::Fingerprint> remote) {
    FlatBufferBuilder& fbb = connection_->builder();
    connection_->ask<pipe::TransportConnecting>(pipe::CreateConnectTransport(
        fbb, transport, pipe::DtlsRole::Client, write_fingerprints(fbb, remote)));
}

void WorkerClient::close_transport(uint64_t transport) {
    FlatBufferBuilder& fbb = connection_->builder();
    connection_->ask<pipe::Done>(pipe::CreateCloseTransport(fbb, transport));
}

void WorkerClient::produce(const ProduceOptions& options) {
    FlatBufferBuilder& fbb = connection_->builder();
    const std::vector<Offset<pipe::Encoding>> encodings{pipe::CreateEncoding(fbb, options.ssrc)};
    const auto extensions = extensions_of(options.extensions);
    connection_->ask<pipe::Done>(pipe::CreateProduceDirect(
        fbb, options.transport, options.producer, pipe::Kind::Audio, options.payload_type, 48'000,
        options.mid.c_str(), &encodings, &extensions, "test", false, nullptr, options.csrc));
}

void WorkerClient::consume_slots(const ConsumeSlotsOptions& options) {
    FlatBufferBuilder& fbb = connection_->builder();
    const auto extensions = extensions_of(options.extensions);
    std::vector<Offset<pipe::Slot>> slots;
    for (const uint64_t id : options.consumers) {
        slots.push_back(pipe::CreateSlotDirect(fbb, id, std::to_string(id).c_str()));
    }
    connection_->ask<pipe::SlotsConsumed>(
        pipe::CreateConsumeSlotsDirect(fbb, options.transport, &slots, options.self_csrc,
                                       options.payload_type, &extensions, "test"));
}

uint32_t WorkerClient::consume(const ConsumeOptions& options) {
    FlatBufferBuilder& fbb = connection_->builder();
    const auto extensions = extensions_of(options.extensions);
    return connection_
        ->ask<pipe::Consumed>(pipe::CreateConsumeDirect(fbb, options.transport, options.consumer,
                                                        options.producer, options.payload_type,
                                                        options.mid.c_str(), &extensions, "test"))
        .ssrc();
}

PipeEnd WorkerClient::create_pipe(uint64_t pipe) {
    FlatBufferBuilder& fbb = connection_->builder();
    const auto& made = connection_->ask<pipe::PipeCreated>(pipe::CreateCreatePipe(fbb, pipe));
    if (!made.listens() || made.listens()->size() == 0 || !made.listens()->Get(0)->ip() ||
        !made.key() || !made.salt()) {
        throw WorkerError("the worker does not say how its pipe is reached");
    }
    const pipe::Listen& listen = *made.listens()->Get(0);
    return {listen.ip()->str(),
            listen.port(),
            {made.key()->begin(), made.key()->end()},
            {made.salt()->begin(), made.salt()->end()},
            made.version(),
            made.capabilities()};
}

void WorkerClient::connect_pipe(uint64_t pipe, const PipeEnd& remote) {
    FlatBufferBuilder& fbb = connection_->builder();
    connection_->ask<pipe::Done>(
        pipe::CreateConnectPipeDirect(fbb, pipe, 0, remote.ip.c_str(), remote.port, &remote.key,
                                      &remote.salt, remote.version, remote.capabilities));
}

PipedStream WorkerClient::pipe_consume(const PipeConsumeOptions& options) {
    FlatBufferBuilder& fbb = connection_->builder();
    const auto& consumed = connection_->ask<pipe::PipeConsumed>(pipe::CreatePipeConsume(
        fbb, options.router, options.pipe, options.consumer, options.producer));
    return {consumed.ssrc(), consumed.rtx_ssrc()};
}

void WorkerClient::pipe_produce(const PipeProduceOptions& options) {
    FlatBufferBuilder& fbb = connection_->builder();
    connection_->ask<pipe::Done>(pipe::CreatePipeProduce(
        fbb, options.router, options.pipe, options.producer, options.stream.ssrc,
        options.stream.rtx_ssrc, options.payload_type, 48'000, options.csrc));
}

void WorkerClient::set_pipe_rule(uint64_t router, uint64_t pipe, uint8_t loudest) {
    FlatBufferBuilder& fbb = connection_->builder();
    connection_->ask<pipe::Done>(pipe::CreateSetPipeRule(fbb, router, pipe, loudest));
}

WorkerCounts WorkerClient::counts() {
    FlatBufferBuilder& fbb = connection_->builder();
    const auto& stats = connection_->ask<pipe::WorkerStats>(pipe::CreateGetWorkerStats(fbb));
    WorkerCounts counts{stats.rtp_packets_received(), stats.rtp_packets_sent(), {}};
    if (!stats.drops()) return counts;
    for (const pipe::DropCount* drop : *stats.drops()) {
        if (drop->count() > 0) counts.drops[drop->name()->str()] = drop->count();
    }
    return counts;
}

void WorkerClient::shut_down() {
    FlatBufferBuilder& fbb = connection_->builder();
    connection_->ask<pipe::Done>(pipe::CreateShutdown(fbb));
}

}  // namespace parley::support
