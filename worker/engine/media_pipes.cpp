#include <utility>

#include "worker/engine/media.h"

namespace parley::engine {

using base::Instant;
using base::Unit;
using net::Drop;
using router::Pipe;
using router::PipedConsumer;
using router::refused;

Pipe* Media::find_pipe(uint64_t id) const {
    const base::Handle<Pipe>* handle = pipe_by_id_.find(id);
    return handle ? pipes_.find(*handle) : nullptr;
}

Result<const Pipe*> Media::create_pipe(uint64_t id, bool repair, router::AppData app_data) {
    if (pipe_by_id_.contains(id)) return refused(Refusal::AlreadyExists, "pipe id is taken");
    if (pipes_.size() >= limits::kPipes) {
        return refused(Refusal::LimitReached, "the worker has as many pipes as it may");
    }
    const auto handle = pipes_.insert([&](base::Handle<Pipe>) {
        return std::make_unique<Pipe>(id, repair, std::move(app_data), random_);
    });
    pipe_by_id_.insert(id, handle);
    return pipes_.find(handle);
}

Status Media::connect_pipe(Instant now, uint64_t id, const PipeRemote& remote, Turn& turn) {
    Pipe* pipe = find_pipe(id);
    if (!pipe) return refused(Refusal::NotFound, "no such pipe");
    if (pipe->state() != router::PipeState::New) {
        return refused(Refusal::WrongState, "the pipe is connected already");
    }
    if (remote.listen >= listens_.size()) {
        return refused(Refusal::Malformed, "no such listen address");
    }
    if (listens_[remote.listen].address.is_v4() && !remote.address.is_v4()) {
        return refused(Refusal::Malformed, "the listen address is of another family");
    }
    const net::Path path{remote.address, static_cast<uint8_t>(remote.listen)};
    addressing_.add_pipe(*pipe_by_id_.find(id), path);
    pipe->connect(now, path, remote.key, remote.header, turn);
    set_deadline(*pipe);
    return Unit{};
}

Status Media::close_pipe(Instant now, uint64_t id, Turn& turn) {
    Pipe* pipe = find_pipe(id);
    if (!pipe) return refused(Refusal::NotFound, "no such pipe");
    std::vector<uint64_t> consumers, producers;
    pipe->for_each_consumer(
        [&](const PipedConsumer& each) { consumers.push_back(each.stream().id()); });
    pipe->for_each_stream(
        [&](const router::PipedStream& each) { producers.push_back(each.producer.id()); });
    for (const uint64_t consumer : consumers) (void)close_consumer(now, consumer, turn);
    for (const uint64_t producer : producers) (void)close_producer(now, producer, turn);
    if (const auto path = pipe->path()) addressing_.forget_pipe(*pipe_by_id_.find(id), *path);
    pipe_deadlines_.erase(id);
    pipes_.erase(*pipe_by_id_.find(id));
    pipe_by_id_.erase(id);
    return Unit{};
}

Result<const PipedConsumer*> Media::pipe_consume(uint64_t router_id, uint64_t pipe_id,
                                                 uint64_t producer,
                                                 router::ConsumerOptions options) {
    Router* router = find(router_of_router_, router_id);
    if (!router) return refused(Refusal::NotFound, "no such router");
    Pipe* pipe = find_pipe(pipe_id);
    if (!pipe) return refused(Refusal::NotFound, "no such pipe");
    const uint64_t id = options.id;
    if (router_of_consumer_.contains(id)) {
        return refused(Refusal::AlreadyExists, "consumer id is taken");
    }
    const auto made = router->pipe_consume(*pipe, producer, std::move(options));
    if (made) router_of_consumer_.insert(id, *router_of_router_.find(router_id));
    return made;
}

Status Media::pipe_produce(Instant now, uint64_t router_id, uint64_t pipe_id,
                           router::ProducerOptions options, uint32_t rtx_ssrc) {
    Router* router = find(router_of_router_, router_id);
    if (!router) return refused(Refusal::NotFound, "no such router");
    Pipe* pipe = find_pipe(pipe_id);
    if (!pipe) return refused(Refusal::NotFound, "no such pipe");
    const uint64_t id = options.id;
    if (router_of_producer_.contains(id)) {
        return refused(Refusal::AlreadyExists, "producer id is taken");
    }
    const RouterHandle handle = *router_of_router_.find(router_id);
    const Status status = router->pipe_produce(now, *pipe, handle, std::move(options), rtx_ssrc);
    if (status) router_of_producer_.insert(id, handle);
    set_deadline(*router);
    return status;
}

Status Media::set_pipe_rule(uint64_t router_id, uint64_t pipe, router::PipeRule rule) {
    Router* router = find(router_of_router_, router_id);
    if (!router) return refused(Refusal::NotFound, "no such router");
    if (!find_pipe(pipe)) return refused(Refusal::NotFound, "no such pipe");
    return router->set_pipe_rule(pipe, std::move(rule));
}

// Of those on this path the one that the SSRC is of; if none, any may say why it drops it.
base::Handle<Pipe> Media::pipe_of(const Destination& destination, net::Protocol protocol,
                                  const net::Datagram& datagram) const {
    if (!destination.shared) return destination.pipe;
    for (const base::Handle<Pipe> handle : addressing_.pipes_at(datagram.path)) {
        if (pipes_.find(handle)->is_for(protocol, datagram.bytes)) return handle;
    }
    return destination.pipe;
}

// What came on a pipe's path. The pipe says of which stream it is, and so of which router.
void Media::on_pipe(Instant now, base::Handle<Pipe> handle, net::Protocol protocol,
                    std::span<uint8_t> bytes, Turn& turn) {
    Pipe* pipe = pipes_.find(handle);
    ENSURE(pipe != nullptr);
    const Instant deadline = pipe->next_deadline();
    if (protocol == net::Protocol::Rtcp) {
        pipe->on_rtcp(now, bytes, turn);
    } else if (protocol != net::Protocol::Rtp) {
        turn.drop(Drop::DtlsUnexpected);
    } else if (const auto packet = pipe->on_rtp(now, bytes, turn)) {
        Router* router = routers_.find(packet->stream.router);
        ENSURE(router != nullptr);
        if (router->on_piped(now, packet->stream.producer, packet->packet, packet->size, turn)) {
            set_deadline(*router);
        }
    }
    if (pipe->next_deadline() != deadline) set_deadline(*pipe);
}

void Media::on_pipe_deadlines(Instant now, Turn& turn) {
    uint64_t id = 0;
    while (pipe_deadlines_.pop_due(now, id)) {
        Pipe* pipe = find_pipe(id);
        ENSURE(pipe != nullptr);
        pipe->on_deadline(now, turn);
        set_deadline(*pipe);
    }
}

void Media::set_deadline(const Pipe& pipe) {
    pipe_deadlines_.set(pipe.id(), pipe.next_deadline());
}

}  // namespace parley::engine
