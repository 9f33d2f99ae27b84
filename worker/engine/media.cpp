#include "worker/engine/media.h"

#include <algorithm>
#include <utility>

namespace parley::engine {

using base::Bytes;
using base::Instant;
using base::Unit;
using net::Drop;
using router::AppData;
using router::Leg;
using router::refused;

namespace {

// RFC 8445 §5.1.2.1 for a host candidate, component 1; earlier listen addresses are preferred.
uint32_t host_priority(size_t listen) {
    return 126u << 24 | static_cast<uint32_t>(65'535 - listen) << 8 | 255u;
}

// RFC 6544 §4.2 for a passive one: direction 4 of its local preference. UDP is preferred, so the
// type preference is less than that of any UDP candidate that a client can make of ours.
uint32_t tcp_priority(size_t listen) {
    return 90u << 24 | (4u << 13 | static_cast<uint32_t>(8'191 - listen)) << 8 | 255u;
}

std::string ip_of(const Listen& listen) {
    return listen.announced.empty() ? net::ip_text(listen.address) : listen.announced;
}

}  // namespace

Media::Media(std::vector<Listen> listens, const dtls::Identity& identity, base::Random& random)
    : listens_(std::move(listens)), identity_(identity), random_(random) {}

// --- datagrams

void Media::on_datagrams(Instant now, std::span<net::Datagram> batch, Turn& turn) {
    for (const net::Datagram& datagram : batch) {
        ++turn.counters.packets_received;
        turn.counters.bytes_received += datagram.bytes.size();
        switch (const net::Protocol protocol = net::protocol_of(datagram.bytes)) {
            case net::Protocol::Stun: on_stun(now, datagram, turn); break;
            case net::Protocol::Unknown: turn.drop(Drop::UnknownProtocol); break;
            default: on_protected(now, protocol, datagram, turn);
        }
    }
}

void Media::on_stun(Instant now, const net::Datagram& datagram, Turn& turn) {
    const auto fragment = ice::local_fragment_of(datagram.bytes);
    if (!fragment) return turn.drop(Drop::StunMalformed);
    const Destination* known = addressing_.of_fragment(*fragment);
    if (!known) return turn.drop(Drop::StunUnknownUser);
    const Destination destination = *known;
    Router* router = routers_.find(destination.router);
    ENSURE(router != nullptr);
    const Leg* leg = router->find(destination.leg);
    ENSURE(leg != nullptr);
    const uint32_t changes = leg->transport.ice().changes();
    router->on_stun(now, destination.leg, datagram.path, datagram.bytes, turn);
    if (leg->transport.ice().changes() != changes) {
        addressing_.update(leg->transport.id(), destination, leg->transport.ice());
    }
    set_deadline(*router);
}

void Media::on_protected(Instant now, net::Protocol protocol, const net::Datagram& datagram,
                         Turn& turn) {
    const Destination* destination = addressing_.of_path(datagram.path);
    if (!destination) return turn.drop(Drop::UnknownPath);
    if (destination->pipe) {
        const auto pipe = pipe_of(*destination, protocol, datagram);
        return on_pipe(now, pipe, protocol, datagram.bytes, turn);
    }
    Router* router = routers_.find(destination->router);
    ENSURE(router != nullptr);
    switch (protocol) {
        case net::Protocol::Rtp:
            if (!router->on_rtp(now, destination->leg, datagram.bytes, turn)) return;
            break;
        case net::Protocol::Rtcp:
            return router->on_rtcp(now, destination->leg, datagram.bytes, turn);
        default: router->on_dtls(now, destination->leg, datagram.bytes, turn);
    }
    set_deadline(*router);
}

void Media::on_path_closed(Instant now, const net::Path& path, Turn& turn) {
    const Destination* known = addressing_.of_path(path);
    if (!known || known->pipe) return;
    const Destination destination = *known;
    Router* router = routers_.find(destination.router);
    ENSURE(router != nullptr);
    router->on_path_closed(now, destination.leg, path, turn);
    const router::Transport& transport = router->find(destination.leg)->transport;
    addressing_.update(transport.id(), destination, transport.ice());
    set_deadline(*router);
}

void Media::on_deadline(Instant now, Turn& turn) {
    uint64_t id = 0;
    while (deadlines_.pop_due(now, id)) {
        Router* router = find(router_of_router_, id);
        ENSURE(router != nullptr);
        const size_t said = turn.notices.size();
        router->on_deadline(now, turn);
        for (size_t i = said; i < turn.notices.size(); ++i) {
            const auto* changed = std::get_if<router::IceStateChanged>(&turn.notices[i]);
            if (!changed) continue;
            const Leg* leg = router->find_transport(changed->transport);
            addressing_.update(changed->transport,
                               {*router_of_router_.find(id), router->handle_of(changed->transport)},
                               leg->transport.ice());
        }
        set_deadline(*router);
    }
    on_pipe_deadlines(now, turn);
}

void Media::set_deadline(const Router& router) {
    deadlines_.set(router.id(), router.next_deadline());
}

// --- routers

Router* Media::find(const RouterOf& owners, uint64_t id) const {
    const RouterHandle* handle = owners.find(id);
    return handle ? routers_.find(*handle) : nullptr;
}

Status Media::create_router(uint64_t id, AppData app_data) {
    if (router_of_router_.contains(id)) {
        return refused(Refusal::AlreadyExists, "router id is taken");
    }
    if (routers_.size() >= limits::kRouters) {
        return refused(Refusal::LimitReached, "the worker has as many routers as it may");
    }
    const RouterHandle handle = routers_.insert(
        [&](RouterHandle) { return std::make_unique<Router>(id, std::move(app_data), random_); });
    router_of_router_.insert(id, handle);
    return Unit{};
}

Status Media::close_router(Instant now, uint64_t id, Turn& turn) {
    Router* router = find(router_of_router_, id);
    if (!router) return refused(Refusal::NotFound, "no such router");
    std::vector<uint64_t> transports;
    router->legs().for_each([&](const Leg& leg) { transports.push_back(leg.transport.id()); });
    for (const uint64_t transport : transports) (void)close_transport(now, transport, turn);
    while (!router->pipe_ends().consumers().empty()) {
        const auto& last = router->pipe_ends().consumers().back();
        (void)close_consumer(now, last->stream().id(), turn);
    }
    while (!router->pipe_ends().producers().empty()) {
        (void)close_producer(now, router->pipe_ends().producers().back().producer->id(), turn);
    }
    for (const auto& entry : router->observers().entries()) router_of_observer_.erase(entry.id);
    deadlines_.erase(id);
    routers_.erase(*router_of_router_.find(id));
    router_of_router_.erase(id);
    return Unit{};
}

Status Media::set_router_app_data(uint64_t id, AppData app_data) {
    Router* router = find(router_of_router_, id);
    if (!router) return refused(Refusal::NotFound, "no such router");
    router->set_app_data(std::move(app_data));
    return Unit{};
}

// --- transports

const Leg* Media::find_transport(uint64_t id) const {
    const Router* router = find(router_of_transport_, id);
    return router ? router->find_transport(id) : nullptr;
}

std::vector<Candidate> Media::candidates() const {
    std::vector<Candidate> all;
    for (const Listen& listen : listens_) {
        const size_t index = all.size();
        all.push_back(
            {std::to_string(index + 1), host_priority(index), ip_of(listen), listen.address.port});
    }
    return all;
}

// Another protocol is another foundation, RFC 8445 §5.1.1.3.
std::vector<Candidate> Media::tcp_candidates() const {
    std::vector<Candidate> all;
    for (size_t i = 0; i < listens_.size(); ++i) {
        if (!listens_[i].tcp) continue;
        all.push_back({std::to_string(listens_.size() + i + 1), tcp_priority(i), ip_of(listens_[i]),
                       listens_[i].address.port});
    }
    return all;
}

ice::Credentials Media::fresh_credentials() {
    ice::Credentials credentials = ice::make_credentials(random_);
    while (addressing_.of_fragment(credentials.username_fragment)) {
        credentials = ice::make_credentials(random_);
    }
    return credentials;
}

Result<TransportCreated> Media::create_transport(Instant now, uint64_t router_id, uint64_t id,
                                                 AppData app_data) {
    Router* router = find(router_of_router_, router_id);
    if (!router) return refused(Refusal::NotFound, "no such router");
    if (router_of_transport_.contains(id)) {
        return refused(Refusal::AlreadyExists, "transport id is taken");
    }
    if (transports() >= limits::kTransports) {
        return refused(Refusal::LimitReached, "the worker has as many transports as it may");
    }
    ice::Credentials credentials = fresh_credentials();
    const router::LegHandle leg =
        router->create_transport(now, id, credentials, std::move(app_data));
    const RouterHandle handle = *router_of_router_.find(router_id);
    router_of_transport_.insert(id, handle);
    addressing_.update(id, {handle, leg}, router->find(leg)->transport.ice());
    set_deadline(*router);
    return TransportCreated{std::move(credentials), candidates(), tcp_candidates(),
                            identity_.fingerprints()};
}

Status Media::connect_transport(Instant now, uint64_t id, dtls::Role role,
                                std::vector<dtls::Fingerprint> remote, Turn& turn) {
    Router* router = find(router_of_transport_, id);
    if (!router) return refused(Refusal::NotFound, "no such transport");
    const Status status =
        router->connect_transport(now, id, identity_, role, std::move(remote), turn);
    set_deadline(*router);
    return status;
}

Result<ice::Credentials> Media::restart_ice(Instant now, uint64_t id) {
    Router* router = find(router_of_transport_, id);
    if (!router) return refused(Refusal::NotFound, "no such transport");
    ice::Credentials credentials = fresh_credentials();
    router->restart_ice(now, id, credentials);
    addressing_.update(id, {*router_of_transport_.find(id), router->handle_of(id)},
                       router->find_transport(id)->transport.ice());
    set_deadline(*router);
    return credentials;
}

Status Media::close_transport(Instant now, uint64_t id, Turn& turn) {
    Router* router = find(router_of_transport_, id);
    if (!router) return refused(Refusal::NotFound, "no such transport");
    forget(*router->find_transport(id));
    router->close_transport(now, id, turn);
    set_deadline(*router);
    return Unit{};
}

Status Media::set_transport_app_data(uint64_t id, AppData app_data) {
    Router* router = find(router_of_transport_, id);
    if (!router) return refused(Refusal::NotFound, "no such transport");
    router->find_transport(id)->transport.set_app_data(std::move(app_data));
    return Unit{};
}

void Media::forget(const Leg& leg) {
    for (const router::Producer* producer : leg.producers) forget(*producer);
    for (const router::Consumer* consumer : leg.consumers) {
        router_of_consumer_.erase(consumer->id());
    }
    addressing_.forget(leg.transport.id());
    router_of_transport_.erase(leg.transport.id());
}

void Media::forget(const router::Producer& producer) {
    for (const router::Consumer* consumer : producer.consumers()) {
        router_of_consumer_.erase(consumer->id());
    }
    router_of_producer_.erase(producer.id());
}

// --- producers and consumers

Status Media::produce(Instant now, uint64_t transport, router::ProducerOptions options) {
    Router* router = find(router_of_transport_, transport);
    if (!router) return refused(Refusal::NotFound, "no such transport");
    const uint64_t id = options.id;
    if (router_of_producer_.contains(id)) {
        return refused(Refusal::AlreadyExists, "producer id is taken");
    }
    const Status status = router->produce(now, transport, std::move(options));
    if (status) router_of_producer_.insert(id, *router_of_transport_.find(transport));
    set_deadline(*router);
    return status;
}

Status Media::close_producer(Instant now, uint64_t id, Turn& turn) {
    Router* router = find(router_of_producer_, id);
    if (!router) return refused(Refusal::NotFound, "no such producer");
    forget(*router->find_producer(id));
    router->close_producer(now, id, turn.out);
    set_deadline(*router);
    return Unit{};
}

Status Media::pause_producer(uint64_t id, bool paused) {
    Router* router = find(router_of_producer_, id);
    if (!router) return refused(Refusal::NotFound, "no such producer");
    router->pause_producer(id, paused);
    return Unit{};
}

Result<const router::Consumer*> Media::consume(uint64_t transport, uint64_t producer,
                                               router::ConsumerOptions options) {
    Router* router = find(router_of_transport_, transport);
    if (!router) return refused(Refusal::NotFound, "no such transport");
    const uint64_t id = options.id;
    if (router_of_consumer_.contains(id)) {
        return refused(Refusal::AlreadyExists, "consumer id is taken");
    }
    const auto made = router->consume(transport, producer, std::move(options));
    if (made) router_of_consumer_.insert(id, *router_of_transport_.find(transport));
    return made;
}

Status Media::close_consumer(Instant now, uint64_t id, Turn& turn) {
    Router* router = find(router_of_consumer_, id);
    if (!router) return refused(Refusal::NotFound, "no such consumer");
    router_of_consumer_.erase(id);
    router->close_consumer(now, id, turn.out);
    set_deadline(*router);
    return Unit{};
}

Status Media::pause_consumer(uint64_t id, bool paused) {
    Router* router = find(router_of_consumer_, id);
    if (!router) return refused(Refusal::NotFound, "no such consumer");
    router->pause_consumer(id, paused);
    return Unit{};
}

Result<std::vector<const router::Consumer*>> Media::consume_slots(
    Instant now, uint64_t transport, uint32_t self, std::vector<router::ConsumerOptions> slots) {
    Router* router = find(router_of_transport_, transport);
    if (!router) return refused(Refusal::NotFound, "no such transport");
    for (auto slot = slots.begin(); slot != slots.end(); ++slot) {
        const bool twice = std::any_of(slots.begin(), slot,
                                       [&](const auto& other) { return other.id == slot->id; });
        if (twice || router_of_consumer_.contains(slot->id)) {
            return refused(Refusal::AlreadyExists, "consumer id is taken");
        }
    }
    auto made = router->consume_slots(now, transport, self, std::move(slots));
    if (!made) return made;
    const RouterHandle handle = *router_of_transport_.find(transport);
    for (const router::Consumer* slot : *made) router_of_consumer_.insert(slot->id(), handle);
    set_deadline(*router);
    return made;
}

Status Media::set_slot_rules(Instant now, uint64_t transport, router::SlotRules rules) {
    Router* router = find(router_of_transport_, transport);
    if (!router) return refused(Refusal::NotFound, "no such transport");
    const Status status = router->set_slot_rules(now, transport, std::move(rules));
    set_deadline(*router);
    return status;
}

// --- observers

Status Media::observe(Instant now, uint64_t router_id, uint64_t id, const router::Observing& what) {
    Router* router = find(router_of_router_, router_id);
    if (!router) return refused(Refusal::NotFound, "no such router");
    if (router_of_observer_.contains(id)) {
        return refused(Refusal::AlreadyExists, "observer id is taken");
    }
    const Status status = router->observe(now, id, what);
    if (status) router_of_observer_.insert(id, *router_of_router_.find(router_id));
    set_deadline(*router);
    return status;
}

Status Media::close_observer(uint64_t id) {
    Router* router = find(router_of_observer_, id);
    if (!router) return refused(Refusal::NotFound, "no such observer");
    router_of_observer_.erase(id);
    router->close_observer(id);
    set_deadline(*router);
    return Unit{};
}

void Media::ensure_invariants() const {
    size_t transports = 0;
    routers_.for_each([&](const Router& router) {
        router.ensure_invariants();
        transports += router.legs().size();
    });
    pipes_.for_each([](const router::Pipe& pipe) { pipe.ensure_invariants(); });
    ENSURE(pipes_.size() == pipe_by_id_.size());
    ENSURE(routers_.size() == router_of_router_.size());
    ENSURE(transports == router_of_transport_.size());
    ENSURE(transports == addressing_.transports());
}

}  // namespace parley::engine
