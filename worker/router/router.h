#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/base/deadline_queue.h"
#include "common/base/flat_map.h"
#include "common/base/handle.h"
#include "common/base/random.h"
#include "worker/router/leg.h"
#include "worker/router/observers.h"
#include "worker/router/pipe_ends.h"
#include "worker/router/refusal.h"
#include "worker/router/slots.h"
#include "worker/router/turn.h"

namespace parley::router {

using LegHandle = base::Handle<Leg>;

// The transports whose producers can be consumed by each other. It owns its legs, producers,
// consumers and observers, and cannot see another router: no voice leaves its room because there
// is nowhere else to send it. Ids are the controller's.
class Router {
public:
    Router(uint64_t id, AppData app_data, base::Random& random);

    // --- commands. REQUIRES: ids named are of this router, and a new id is new.

    LegHandle create_transport(base::Instant now, uint64_t id, ice::Credentials local,
                               AppData app_data);
    // The transport goes, with its consumers, its producers and all who consume these.
    void close_transport(base::Instant now, uint64_t id, Turn& turn);
    // WrongState when it was connected before.
    Status connect_transport(base::Instant now, uint64_t id, const dtls::Identity& identity,
                             dtls::Role role, std::vector<dtls::Fingerprint> remote, Turn& turn);
    // The old credentials stay good until the new ones are used.
    void restart_ice(base::Instant now, uint64_t transport, ice::Credentials local);

    Status produce(base::Instant now, uint64_t transport,
                   ProducerOptions options);  // LimitReached, Ssrc
    // Its listeners are told by a BYE.
    void close_producer(base::Instant now, uint64_t id, net::Outbox& out);
    void pause_producer(uint64_t id, bool paused);

    // Answers with the consumer, borrowed. LimitReached.
    Result<const Consumer*> consume(uint64_t transport, uint64_t producer, ConsumerOptions options);
    void close_consumer(base::Instant now, uint64_t id, net::Outbox& out);
    void pause_consumer(uint64_t id, bool paused);

    // Once for a transport: consumers that carry the loudest of the router, but never those that
    // speak under the csrc `self`. Answers with them, borrowed. WrongState, LimitReached.
    Result<std::vector<const Consumer*>> consume_slots(base::Instant now, uint64_t transport,
                                                       uint32_t self,
                                                       std::vector<ConsumerOptions> slots);
    Status set_slot_rules(base::Instant now, uint64_t transport, SlotRules rules);  // WrongState

    // The producer's stream goes into the pipe; from here on it is a consumer. Answers with it,
    // borrowed. NotFound, LimitReached.
    Result<const PipedConsumer*> pipe_consume(Pipe& pipe, uint64_t producer,
                                              ConsumerOptions options);
    // A stream of the pipe comes out here, as a producer. `self` is this router. LimitReached,
    // Ssrc.
    Status pipe_produce(base::Instant now, Pipe& pipe, base::Handle<Router> self,
                        ProducerOptions options, uint32_t rtx_ssrc);

    // Which voices of this router go into the pipe. WrongState: no stream of it does.
    Status set_pipe_rule(uint64_t pipe, PipeRule rule);

    Status observe(base::Instant now, uint64_t id, const Observing& what);  // LimitReached
    void close_observer(uint64_t id) { observers_.close(id, producers()); }

    // --- the network: datagrams that came on a path of this leg

    void on_stun(base::Instant now, LegHandle leg, const net::Path& from, base::Bytes bytes,
                 Turn& turn);
    void on_dtls(base::Instant now, LegHandle leg, base::Bytes bytes, Turn& turn);
    void on_path_closed(base::Instant now, LegHandle leg, const net::Path& path, Turn& turn);
    // True: next_deadline() has come nearer.
    bool on_rtp(base::Instant now, LegHandle leg, std::span<uint8_t> bytes, Turn& turn);
    void on_rtcp(base::Instant now, LegHandle leg, std::span<uint8_t> bytes, Turn& turn);

    // A packet of this producer that came out of a pipe; the rest as for on_rtp().
    bool on_piped(base::Instant now, Producer& producer, const rtp::RtpView& packet, size_t size,
                  Turn& turn);

    void on_deadline(base::Instant now, Turn& turn);
    base::Instant next_deadline() const;

    // --- to look at

    uint64_t id() const { return id_; }
    const AppData& app_data() const { return app_data_; }
    void set_app_data(AppData app_data) { app_data_ = std::move(app_data); }

    Leg* find(LegHandle leg) const { return legs_.find(leg); }
    Leg* find_transport(uint64_t id) const { return legs_.find(handle_of(id)); }
    Producer* find_producer(uint64_t id) const;
    LegHandle handle_of(uint64_t transport) const;
    const base::Slab<Leg>& legs() const { return legs_; }
    const Observers& observers() const { return observers_; }
    const Slots& slots() const { return slots_; }
    const PipeEnds& pipe_ends() const { return pipe_ends_; }

    void ensure_invariants() const;

private:
    bool pass_over(base::Instant now, Leg& leg, base::Bytes bytes);
    void hear(base::Instant now, Producer& producer, const rtp::RtpView& packet, size_t size,
              Turn& turn);
    void forward(base::Instant now, Producer& producer, const rtp::RtpView& packet,
                 const rtp::SharedFields& shared, Turn& turn);
    Leg& leg_of(uint64_t transport) const;
    Leg& leg_of(LegHandle handle) const;
    Producer& add(base::Instant now, ProducerOptions options, uint64_t transport);
    std::vector<Producer*> producers() const;
    void close(base::Instant now, Producer& producer, net::Outbox& out);
    void close(base::Instant now, Consumer& consumer, net::Outbox& out);
    void destroy(base::Instant now, Consumer& consumer);
    Consumer& make_consumer(Leg& leg, Producer* source, ConsumerOptions options);
    uint32_t unused_ssrc(const Leg& leg);
    void set_deadline(const Leg& leg);

    uint64_t id_;
    AppData app_data_;
    base::Random& random_;
    base::Slab<Leg> legs_;
    base::FlatMap<uint64_t, LegHandle> transports_;
    base::FlatMap<uint64_t, std::unique_ptr<Producer>> producers_;
    base::FlatMap<uint64_t, std::unique_ptr<Consumer>> consumers_;
    base::DeadlineQueue<uint64_t> deadlines_;  // by transport id
    Observers observers_;
    Slots slots_;
    PipeEnds pipe_ends_;  // after the producers, which its consumers hold on to
};

}  // namespace parley::router
