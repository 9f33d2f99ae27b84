#include "worker/router/router.h"

#include <algorithm>
#include <utility>

#include "worker/router/loudness.h"
#include "worker/router/reports.h"

namespace parley::router {

using base::Bytes;
using base::Instant;
using net::Drop;

Router::Router(uint64_t id, AppData app_data, base::Random& random)
    : id_(id), app_data_(std::move(app_data)), random_(random) {}

// --- transports

LegHandle Router::create_transport(Instant now, uint64_t id, ice::Credentials local,
                                   AppData app_data) {
    const LegHandle handle = legs_.insert([&](LegHandle) {
        return std::make_unique<Leg>(id, std::move(local), std::move(app_data), now);
    });
    transports_.insert(id, handle);
    set_deadline(*legs_.find(handle));
    return handle;
}

LegHandle Router::handle_of(uint64_t transport) const {
    const LegHandle* handle = transports_.find(transport);
    return handle ? *handle : LegHandle{};
}

void Router::close_transport(Instant now, uint64_t id, Turn& turn) {
    Leg& leg = leg_of(id);
    while (!leg.consumers.empty()) destroy(now, *leg.consumers.back());
    while (!leg.producers.empty()) close(now, *leg.producers.back(), turn.out);
    leg.transport.close(now, turn);
    deadlines_.erase(id);
    legs_.erase(handle_of(id));
    transports_.erase(id);
}

Status Router::connect_transport(Instant now, uint64_t id, const dtls::Identity& identity,
                                 dtls::Role role, std::vector<dtls::Fingerprint> remote,
                                 Turn& turn) {
    Leg& leg = leg_of(id);
    if (!leg.transport.connect(now, identity, role, std::move(remote), turn)) {
        return refused(Refusal::WrongState, "the transport is connected already");
    }
    leg.next_report = now + limits::kRtcpInterval;
    set_deadline(leg);
    return base::Unit{};
}

void Router::restart_ice(Instant now, uint64_t transport, ice::Credentials local) {
    Leg& leg = leg_of(transport);
    leg.transport.restart_ice(now, std::move(local));
    set_deadline(leg);
}

// --- producers

Producer* Router::find_producer(uint64_t id) const {
    const auto* producer = producers_.find(id);
    return producer ? producer->get() : nullptr;
}

Status Router::produce(Instant now, uint64_t transport, ProducerOptions options) {
    Leg& leg = leg_of(transport);
    if (leg.producers.size() >= limits::kProducersPerTransport) {
        return refused(Refusal::LimitReached, "the transport has as many producers as it may");
    }
    if (leg.names(options)) {
        return refused(Refusal::Ssrc, "the SSRC, mid or rid names another producer");
    }
    Producer& producer = add(now, std::move(options), transport);
    leg.producers.push_back(&producer);
    producer.await_first(now);
    if (const auto ssrc = producer.ssrc()) leg.producer_by_ssrc.insert(*ssrc, &producer);
    return base::Unit{};
}

Producer& Router::add(Instant now, ProducerOptions options, uint64_t transport) {
    auto made = std::make_unique<Producer>(std::move(options), transport);
    Producer& producer = *made;
    producers_.insert(producer.id(), std::move(made));
    observers_.add(producer);
    slots_.add(now, producer);
    pipe_ends_.rules().add(producer);
    return producer;
}

void Router::close_producer(Instant now, uint64_t id, net::Outbox& out) {
    Producer* producer = find_producer(id);
    ENSURE(producer != nullptr);
    close(now, *producer, out);
}

void Router::pause_producer(uint64_t id, bool paused) {
    Producer* producer = find_producer(id);
    ENSURE(producer != nullptr);
    producer->set_paused(paused);
    observers_.set_paused(*producer, paused);
    if (paused) {
        slots_.silence(*producer);
        pipe_ends_.rules().silence(*producer);
    }
    pipe_ends_.set_paused(*producer, paused);
}

void Router::close(Instant now, Producer& producer, net::Outbox& out) {
    while (!producer.consumers().empty()) close(now, *producer.consumers().back(), out);
    if (!pipe_ends_.remove(producer)) {
        Leg& leg = leg_of(producer.transport());
        if (const auto ssrc = producer.ssrc()) leg.producer_by_ssrc.erase(*ssrc);
        std::erase(leg.producers, &producer);
    }
    observers_.remove(producer);
    slots_.remove(now, producer);
    pipe_ends_.rules().remove(now, producer);
    pipe_ends_.settle();
    producers_.erase(producer.id());
}

// --- consumers

Result<const Consumer*> Router::consume(uint64_t transport, uint64_t producer,
                                        ConsumerOptions options) {
    Leg& leg = leg_of(transport);
    Producer* source = find_producer(producer);
    if (!source) return refused(Refusal::NotFound, "no such producer in the transport's router");
    if (leg.consumers.size() >= limits::kConsumersPerTransport ||
        source->consumers().size() >= limits::kConsumersPerProducer) {
        return refused(Refusal::LimitReached, "transport or producer has its most consumers");
    }
    Consumer& consumer = make_consumer(leg, source, std::move(options));
    source->add(consumer);
    return &consumer;
}

Consumer& Router::make_consumer(Leg& leg, Producer* source, ConsumerOptions options) {
    auto made = std::make_unique<Consumer>(std::move(options), unused_ssrc(leg), source,
                                           leg.transport.id(), leg.transport.outlet(), random_);
    Consumer& consumer = *made;
    consumers_.insert(consumer.id(), std::move(made));
    leg.consumers.push_back(&consumer);
    leg.consumer_by_ssrc.insert(consumer.ssrc(), &consumer);
    return consumer;
}

Result<std::vector<const Consumer*>> Router::consume_slots(Instant now, uint64_t transport,
                                                           uint32_t self,
                                                           std::vector<ConsumerOptions> options) {
    Leg& leg = leg_of(transport);
    if (slots_.find(transport)) {
        return refused(Refusal::WrongState, "the transport has its slots already");
    }
    if (leg.consumers.size() + options.size() > limits::kConsumersPerTransport) {
        return refused(Refusal::LimitReached, "the transport has its most consumers");
    }
    std::vector<Consumer*> slots;
    for (ConsumerOptions& each : options) {
        slots.push_back(&make_consumer(leg, nullptr, std::move(each)));
    }
    slots_.open(now, transport, self, slots);
    return std::vector<const Consumer*>(slots.begin(), slots.end());
}

Status Router::set_slot_rules(Instant now, uint64_t transport, SlotRules rules) {
    if (slots_.set_rules(now, transport, std::move(rules))) return base::Unit{};
    return refused(Refusal::WrongState, "the transport has no slots");
}

void Router::close_consumer(Instant now, uint64_t id, net::Outbox& out) {
    if (const PipedConsumer* piped = pipe_ends_.find_consumer(id)) return pipe_ends_.close(*piped);
    const auto* consumer = consumers_.find(id);
    ENSURE(consumer != nullptr);
    close(now, **consumer, out);
}

void Router::pause_consumer(uint64_t id, bool paused) {
    if (PipedConsumer* piped = pipe_ends_.find_consumer(id)) return piped->set_paused(paused);
    const auto* consumer = consumers_.find(id);
    ENSURE(consumer != nullptr);
    (*consumer)->set_paused(paused);
}

// --- pipes

Result<const PipedConsumer*> Router::pipe_consume(Pipe& pipe, uint64_t producer,
                                                  ConsumerOptions options) {
    Producer* source = find_producer(producer);
    if (!source) return refused(Refusal::NotFound, "no such producer in the router");
    if (pipe.consumers() >= limits::kStreamsPerPipe ||
        source->consumers().size() >= limits::kConsumersPerProducer) {
        return refused(Refusal::LimitReached, "pipe or producer has its most consumers");
    }
    return &pipe_ends_.consume(std::move(options), *source, pipe, random_);
}

Status Router::pipe_produce(Instant now, Pipe& pipe, base::Handle<Router> self,
                            ProducerOptions options, uint32_t rtx_ssrc) {
    if (pipe.streams() >= limits::kStreamsPerPipe) {
        return refused(Refusal::LimitReached, "as many streams come out of the pipe as may");
    }
    if (pipe.hears(*options.ssrc, rtx_ssrc)) {
        return refused(Refusal::Ssrc, "the SSRC names another stream of the pipe");
    }
    pipe_ends_.add(add(now, std::move(options), 0), pipe, self, rtx_ssrc);
    return base::Unit{};
}

Status Router::set_pipe_rule(uint64_t pipe, PipeRule rule) {
    const std::vector<Producer*> voices = producers();
    if (pipe_ends_.set_rule(pipe, std::move(rule), voices)) return base::Unit{};
    return refused(Refusal::WrongState, "no stream of the router goes into the pipe");
}

bool Router::on_piped(Instant now, Producer& producer, const rtp::RtpView& packet, size_t size,
                      Turn& turn) {
    const Instant deadline = slots_.next_deadline();
    hear(now, producer, packet, size, turn);
    return slots_.next_deadline() != deadline;
}

// --- observers

std::vector<Producer*> Router::producers() const {
    std::vector<Producer*> all;
    legs_.for_each(
        [&](const Leg& leg) { all.insert(all.end(), leg.producers.begin(), leg.producers.end()); });
    for (const PipeEnds::Out& out : pipe_ends_.producers()) all.push_back(out.producer);
    return all;
}

Status Router::observe(Instant now, uint64_t id, const Observing& what) {
    if (observers_.entries().size() >= limits::kObserversPerRouter) {
        return refused(Refusal::LimitReached, "the router has as many observers as it may");
    }
    observers_.open(now, id, what, producers());
    return base::Unit{};
}

void Router::close(Instant now, Consumer& consumer, net::Outbox& out) {
    // Into a pipe goes no BYE: its other end is told by its controller.
    if (const PipedConsumer* piped = pipe_ends_.find_consumer(consumer.id())) {
        return pipe_ends_.close(*piped);
    }
    write_bye(leg_of(consumer.transport()), consumer, out);
    destroy(now, consumer);
}

void Router::destroy(Instant now, Consumer& consumer) {
    Leg& leg = leg_of(consumer.transport());
    if (consumer.is_slot()) {
        slots_.close(now, consumer);
    } else {
        consumer.producer()->remove(consumer);
    }
    leg.consumer_by_ssrc.erase(consumer.ssrc());
    leg.transport.outlet().forget_stream(consumer.ssrc());
    std::erase(leg.consumers, &consumer);
    consumers_.erase(consumer.id());
}

Leg& Router::leg_of(LegHandle handle) const {
    Leg* leg = legs_.find(handle);
    ENSURE(leg != nullptr);
    return *leg;
}

Leg& Router::leg_of(uint64_t transport) const {
    return leg_of(handle_of(transport));
}

uint32_t Router::unused_ssrc(const Leg& leg) {
    for (;;) {
        const uint32_t ssrc = random_.u32();
        if (ssrc != 0 && !leg.consumer_by_ssrc.contains(ssrc) &&
            !leg.producer_by_ssrc.contains(ssrc)) {
            return ssrc;
        }
    }
}

// --- the network

void Router::on_stun(Instant now, LegHandle handle, const net::Path& from, Bytes bytes,
                     Turn& turn) {
    Leg& leg = leg_of(handle);
    leg.transport.inlet().count(bytes.size());
    leg.transport.on_stun(now, from, bytes, turn);
    set_deadline(leg);
}

void Router::on_dtls(Instant now, LegHandle handle, Bytes bytes, Turn& turn) {
    Leg& leg = leg_of(handle);
    leg.transport.inlet().count(bytes.size());
    leg.transport.on_dtls(now, bytes, turn);
    set_deadline(leg);
}

void Router::on_path_closed(Instant now, LegHandle handle, const net::Path& path, Turn& turn) {
    Leg& leg = leg_of(handle);
    leg.transport.on_path_closed(now, path, turn);
    set_deadline(leg);
}

bool Router::on_rtp(Instant now, LegHandle handle, std::span<uint8_t> bytes, Turn& turn) {
    Leg& leg = leg_of(handle);
    leg.transport.inlet().count(bytes.size());
    const bool chosen_from = slots_.any() || pipe_ends_.rules().any();
    if (chosen_from && pass_over(now, leg, bytes)) return turn.drop(Drop::RtpQuiet), false;
    const auto size = leg.transport.inlet().unprotect_rtp(bytes, turn);
    if (!size) return false;
    const auto packet = rtp::parse_rtp(bytes.first(*size));
    if (!packet) return turn.drop(Drop::RtpMalformed), false;
    Producer* producer = leg.producer_of(*packet);
    if (!producer) return turn.drop(Drop::RtpUnknownStream), false;
    const Instant deadline = slots_.next_deadline();
    hear(now, *producer, *packet, *size, turn);
    return slots_.next_deadline() != deadline;
}

// Whether the packet, still protected, is of a voice that nobody hears, that could win neither a
// slot nor a place in a pipe at the level which it says, and that no observer would name. That may
// be a lie: so it changes nothing but one count, and every few packets are read all the same.
bool Router::pass_over(Instant now, Leg& leg, Bytes bytes) {
    const auto packet = rtp::parse_rtp(bytes);
    if (!packet) return false;  // or the last byte of its tag looks like bad padding
    Producer** known = leg.producer_by_ssrc.find(packet->ssrc);
    if (!known) return false;
    Producer& producer = **known;
    if (producer.is_consumed() || producer.paused()) return false;
    rtp::ReceiveStatistics& statistics = producer.statistics();
    if (!statistics.closely_ahead(packet->sequence_number, limits::kPassedOver)) return false;
    const auto level = producer.level_of(*packet);
    if (!level || !slots_.needless(now, producer, level->dbov)) return false;
    if (!pipe_ends_.rules().needless(now, producer, level->dbov)) return false;
    if (slots_.is_ranked(producer) && observers_.may_name(level->dbov)) return false;
    statistics.on_passed_over();
    return true;
}

void Router::hear(Instant now, Producer& producer, const rtp::RtpView& packet, size_t size,
                  Turn& turn) {
    if (packet.payload_type != producer.options().payload_type) {
        return turn.drop(Drop::RtpUnknownPayloadType);
    }
    switch (producer.on_packet(now, packet, size)) {
        case rtp::ReceiveStatistics::Arrival::InOrder:
        case rtp::ReceiveStatistics::Arrival::Reordered: break;
        case rtp::ReceiveStatistics::Arrival::Duplicate: return turn.drop(Drop::RtpDuplicate);
        case rtp::ReceiveStatistics::Arrival::Probation: return turn.drop(Drop::RtpProbation);
    }
    if (producer.paused()) return turn.drop(Drop::ProducerPaused);
    if (const auto waited = producer.take_wait(now)) {
        turn.counters.quality.received.first_packet.observe(*waited);
    }
    const auto level = producer.level_of(packet);
    if (level) {
        producer.note_level(level->dbov);
        observers_.on_level(now, producer, level->dbov);
    }
    ++turn.counters.rtp_received;
    const int8_t loudness = loudness_of(packet, level);
    slots_.on_packet(now, producer, loudness);
    pipe_ends_.on_packet(now, producer, loudness);
    const rtp::SharedFields shared{packet.marker, level, rtp::abs_send_time(now), packet.csrcs};
    if (KeptPackets* kept = producer.kept()) kept->keep(now, packet, shared);
    forward(now, producer, packet, shared, turn);
    slots_.forward(now, producer, packet, shared, turn);
}

// Here a voice reaches its listeners.
void Router::forward(Instant now, Producer& producer, const rtp::RtpView& packet,
                     const rtp::SharedFields& shared, Turn& turn) {
    const std::vector<Consumer*>& listeners = producer.consumers();
    turn.counters.copies_due += listeners.size();
    for (size_t i = 0; i < listeners.size(); ++i) {
        if (i + 2 < listeners.size()) listeners[i + 2]->prefetch();
        if (i + 1 < listeners.size()) listeners[i + 1]->prefetch_outlet();
        listeners[i]->forward(now, packet, shared, turn);
    }
}

void Router::on_rtcp(Instant now, LegHandle handle, std::span<uint8_t> bytes, Turn& turn) {
    Leg& leg = leg_of(handle);
    leg.transport.inlet().count(bytes.size());
    const auto size = leg.transport.inlet().unprotect_rtcp(bytes, turn);
    if (!size) return;
    if (!hear_reports(now, leg, bytes.first(*size), turn.counters.quality)) {
        return turn.drop(Drop::RtcpMalformed);
    }
    ++turn.counters.rtcp_received;
}

// --- time

void Router::on_deadline(Instant now, Turn& turn) {
    uint64_t transport = 0;
    while (deadlines_.pop_due(now, transport)) {
        Leg& leg = leg_of(transport);
        leg.transport.on_deadline(now, turn);
        if (leg.next_report <= now) {
            write_reports(now, leg, turn);
            leg.next_report = now + report_interval(random_);
        }
        set_deadline(leg);
    }
    observers_.on_deadline(now, turn.notices);
    slots_.on_deadline(now, turn.notices);
}

Instant Router::next_deadline() const {
    // Without a voice there is nothing to observe, and an idle room costs nothing.
    const Instant observed = producers_.empty() ? Instant::never() : observers_.next_deadline();
    return std::min({deadlines_.next_deadline(), observed, slots_.next_deadline()});
}

void Router::set_deadline(const Leg& leg) {
    deadlines_.set(leg.transport.id(), leg.next_deadline());
}

void Router::ensure_invariants() const {
    size_t producers = 0, consumers = 0;
    legs_.for_each([&](const Leg& leg) {
        leg.transport.ensure_invariants();
        producers += leg.producers.size();
        consumers += leg.consumers.size();
        ENSURE(leg.consumers.size() == leg.consumer_by_ssrc.size());
        for (const Consumer* consumer : leg.consumers) {
            if (consumer->is_slot()) continue;
            const auto& heard_by = consumer->producer()->consumers();
            ENSURE(std::count(heard_by.begin(), heard_by.end(), consumer) == 1);
        }
    });
    slots_.ensure_invariants();
    ENSURE(legs_.size() == transports_.size());
    ENSURE(producers + pipe_ends_.producers().size() == producers_.size());
    ENSURE(consumers == consumers_.size());
}

}  // namespace parley::router
