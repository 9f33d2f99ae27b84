#include <algorithm>

#include "worker/engine/control_desk.h"

namespace parley::engine {

using router::Pipe;
using router::refused;

namespace {

static_assert(static_cast<int>(pipe::PipeState::New) == static_cast<int>(router::PipeState::New));
static_assert(static_cast<int>(pipe::PipeState::Connecting) ==
              static_cast<int>(router::PipeState::Connecting));
static_assert(static_cast<int>(pipe::PipeState::Connected) ==
              static_cast<int>(router::PipeState::Connected));
static_assert(static_cast<int>(pipe::PipeState::Silent) ==
              static_cast<int>(router::PipeState::Silent));

constexpr size_t kKeyBytes = srtp::key_size(Pipe::kProfile);
constexpr size_t kSaltBytes = srtp::salt_size(Pipe::kProfile);

Result<PipeRemote> remote_of(const pipe::ConnectPipe& ask) {
    if (!ask.key() || ask.key()->size() != kKeyBytes || !ask.salt() ||
        ask.salt()->size() != kSaltBytes) {
        return refused(Refusal::Malformed, "key or salt is of another size");
    }
    const auto address = net::parse_ip(text_of(ask.ip()), ask.port());
    if (!address || ask.port() == 0) return refused(Refusal::Malformed, "no address");
    if (ask.version() == 0) return refused(Refusal::Malformed, "version is 0");
    PipeRemote remote{ask.listen(), *address, {}, {ask.version(), ask.capabilities()}};
    std::copy(ask.key()->begin(), ask.key()->end(), remote.key.key.begin());
    std::copy(ask.salt()->begin(), ask.salt()->end(), remote.key.salt.begin());
    return remote;
}

}  // namespace

Answer carry_out(const pipe::CreatePipe& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    const auto made =
        desk.worker.media.create_pipe(ask.pipe_id(), ask.repair(), bytes_of(ask.app_data()));
    if (!made) return base::Err{made.error()};
    desk.worker.owners.add_pipe(desk.worker.owner, ask.pipe_id());
    const Pipe& created = **made;
    const auto listens = desk.fbb.CreateVector(listens_of(desk));
    const srtp::Master& local = created.local_key();
    const auto key = desk.fbb.CreateVector(local.key.data(), kKeyBytes);
    const auto salt = desk.fbb.CreateVector(local.salt.data(), kSaltBytes);
    return with(pipe::CreatePipeCreated(desk.fbb, listens, key, salt, created.header().version,
                                        created.header().capabilities));
}

Answer carry_out(const pipe::ConnectPipe& ask, Desk& desk) {
    const auto remote = remote_of(ask);
    if (!remote) return base::Err{remote.error()};
    return desk.done(desk.worker.media.connect_pipe(desk.now, ask.pipe_id(), *remote, desk.turn));
}

Answer carry_out(const pipe::ClosePipe& ask, Desk& desk) {
    const auto closed = desk.worker.media.close_pipe(desk.now, ask.pipe_id(), desk.turn);
    if (closed) desk.worker.owners.remove_pipe(ask.pipe_id());
    return desk.done(closed);
}

Answer carry_out(const pipe::PipeConsume& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    router::ConsumerOptions options;
    options.id = ask.consumer_id();
    options.paused = ask.paused();
    options.app_data = bytes_of(ask.app_data());
    const auto made = desk.worker.media.pipe_consume(ask.router_id(), ask.pipe_id(),
                                                     ask.producer_id(), std::move(options));
    if (!made) return base::Err{made.error()};
    const router::PipedConsumer& consumer = **made;
    return with(pipe::CreatePipeConsumed(desk.fbb, consumer.stream().ssrc(), consumer.rtx_ssrc(),
                                         consumer.producer().paused()));
}

Answer carry_out(const pipe::PipeProduce& ask, Desk& desk) {
    if (!app_data_fits(ask)) return refused(Refusal::Malformed, kAppDataTooLong);
    if (ask.payload_type() > 127) return refused(Refusal::Malformed, "payload type over 127");
    if (ask.clock_rate() == 0) return refused(Refusal::Malformed, "clock rate is 0");
    if (ask.ssrc() <= Pipe::kReportSsrc || ask.rtx_ssrc() == ask.ssrc()) {
        return refused(Refusal::Malformed, "not the SSRC of a stream");
    }
    router::ProducerOptions options;
    options.id = ask.producer_id();
    options.payload_type = ask.payload_type();
    options.clock_rate = ask.clock_rate();
    options.ssrc = ask.ssrc();
    options.header_extensions.set(rtp::Extension::AudioLevel, router::kPipeAudioLevelId);
    options.paused = ask.paused();
    options.csrc = ask.csrc();
    options.app_data = bytes_of(ask.app_data());
    return desk.done(desk.worker.media.pipe_produce(desk.now, ask.router_id(), ask.pipe_id(),
                                                    std::move(options), ask.rtx_ssrc()));
}

Answer carry_out(const pipe::SetPipeRule& ask, Desk& desk) {
    if (ask.loudest() > limits::kRankedSpeakers) {
        return refused(Refusal::Malformed, "no more than 16 are ranked");
    }
    if (ask.always() && ask.always()->size() > limits::kAlwaysPiped) {
        return refused(Refusal::LimitReached, "as many always go into the pipe as may");
    }
    return desk.done(desk.worker.media.set_pipe_rule(ask.router_id(), ask.pipe_id(),
                                                     {ask.loudest(), numbers_of(ask.always())}));
}

}  // namespace parley::engine
