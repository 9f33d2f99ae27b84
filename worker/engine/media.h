#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/deadline_queue.h"
#include "common/base/flat_map.h"
#include "common/base/handle.h"
#include "common/base/random.h"
#include "worker/engine/addressing.h"
#include "worker/net/demux.h"
#include "worker/router/router.h"

namespace parley::engine {

using router::Refusal;
using router::Refused;
using router::Result;
using router::Router;
using router::Status;
using router::Turn;
using RouterHandle = base::Handle<Router>;

struct Candidate {
    std::string foundation;
    uint32_t priority;
    std::string ip;
    uint16_t port;
};

struct TransportCreated {
    ice::Credentials ice;
    std::vector<Candidate> candidates;      // over UDP
    std::vector<Candidate> tcp_candidates;  // passive, RFC 6544
    std::vector<dtls::Fingerprint> fingerprints;
};

// Where the outside finds this worker: a UDP socket, perhaps a TCP one on the same port, and the IP
// that clients are told. Path.local of listen i is i over UDP; over TCP it is i and the number of
// all listens.
struct Listen {
    net::Address address;
    std::string announced;  // "": the address itself
    bool tcp = false;
};

// What a pipe is told of its other end.
struct PipeRemote {
    size_t listen;  // ours, by its index
    net::Address address;
    srtp::Master key;  // of what comes from there
    router::PipeHeader header;
};

// All routers of a worker, and the pipes to other workers. It finds the router that a datagram or a
// command is for; what happens in there is the router's. Everything that has an id is found by its
// id alone.
class Media {
public:
    Media(std::vector<Listen> listens, const dtls::Identity& identity, base::Random& random);

    // Each datagram is decrypted in place. Nothing here logs, locks, or reads a clock.
    void on_datagrams(base::Instant now, std::span<net::Datagram> batch, Turn& turn);
    // A TCP connection has ended: nothing can be sent on its path any more.
    void on_path_closed(base::Instant now, const net::Path& path, Turn& turn);
    void on_tcp_open() {
        for (Listen& listen : listens_) listen.tcp = true;
    }
    // Whether a check has proved it, and its consent lasts.
    bool knows(const net::Path& path) const { return addressing_.of_path(path) != nullptr; }
    void on_deadline(base::Instant now, Turn& turn);
    base::Instant next_deadline() const {
        return std::min(deadlines_.next_deadline(), pipe_deadlines_.next_deadline());
    }

    Status create_router(uint64_t id, router::AppData app_data);
    Status close_router(base::Instant now, uint64_t id, Turn& turn);
    Status set_router_app_data(uint64_t id, router::AppData app_data);

    Result<TransportCreated> create_transport(base::Instant now, uint64_t router, uint64_t id,
                                              router::AppData app_data);
    // The role that we take, from the one that the peer has.
    Status connect_transport(base::Instant now, uint64_t id, dtls::Role role,
                             std::vector<dtls::Fingerprint> remote, Turn& turn);
    Result<ice::Credentials> restart_ice(base::Instant now, uint64_t id);
    Status close_transport(base::Instant now, uint64_t id, Turn& turn);
    Status set_transport_app_data(uint64_t id, router::AppData app_data);

    Status produce(base::Instant now, uint64_t transport, router::ProducerOptions options);
    Status close_producer(base::Instant now, uint64_t id, Turn& turn);
    Status pause_producer(uint64_t id, bool paused);

    // Answers with the new consumer, borrowed until the next command.
    Result<const router::Consumer*> consume(uint64_t transport, uint64_t producer,
                                            router::ConsumerOptions options);
    Status close_consumer(base::Instant now, uint64_t id, Turn& turn);
    Status pause_consumer(uint64_t id, bool paused);

    // All or none of them. Answers with the new consumers, borrowed until the next command.
    Result<std::vector<const router::Consumer*>> consume_slots(
        base::Instant now, uint64_t transport, uint32_t self,
        std::vector<router::ConsumerOptions> slots);
    Status set_slot_rules(base::Instant now, uint64_t transport, router::SlotRules rules);

    Status observe(base::Instant now, uint64_t router, uint64_t id, const router::Observing& what);
    Status close_observer(uint64_t id);

    // Answers with the new pipe, borrowed until the next command.
    Result<const router::Pipe*> create_pipe(uint64_t id, bool repair, router::AppData app_data);
    Status connect_pipe(base::Instant now, uint64_t id, const PipeRemote& remote, Turn& turn);
    // Its streams go with it.
    Status close_pipe(base::Instant now, uint64_t id, Turn& turn);
    Result<const router::PipedConsumer*> pipe_consume(uint64_t router, uint64_t pipe,
                                                      uint64_t producer,
                                                      router::ConsumerOptions options);
    Status pipe_produce(base::Instant now, uint64_t router, uint64_t pipe,
                        router::ProducerOptions options, uint32_t rtx_ssrc);
    Status set_pipe_rule(uint64_t router, uint64_t pipe, router::PipeRule rule);
    router::Pipe* find_pipe(uint64_t id) const;
    const base::Slab<router::Pipe>& pipes() const { return pipes_; }

    const base::Slab<Router>& routers() const { return routers_; }
    const router::Leg* find_transport(uint64_t id) const;
    size_t transports() const { return router_of_transport_.size(); }
    size_t producers() const { return router_of_producer_.size(); }
    size_t consumers() const { return router_of_consumer_.size(); }
    const std::vector<Listen>& listens() const { return listens_; }

    void ensure_invariants() const;

private:
    using RouterOf = base::FlatMap<uint64_t, RouterHandle>;

    void on_stun(base::Instant now, const net::Datagram& datagram, Turn& turn);
    void on_protected(base::Instant now, net::Protocol protocol, const net::Datagram& datagram,
                      Turn& turn);
    base::Handle<router::Pipe> pipe_of(const Destination& destination, net::Protocol protocol,
                                       const net::Datagram& datagram) const;
    void on_pipe(base::Instant now, base::Handle<router::Pipe> pipe, net::Protocol protocol,
                 std::span<uint8_t> bytes, Turn& turn);
    void on_pipe_deadlines(base::Instant now, Turn& turn);
    void set_deadline(const Router& router);
    void set_deadline(const router::Pipe& pipe);
    Router* find(const RouterOf& owners, uint64_t id) const;
    std::vector<Candidate> candidates() const;
    std::vector<Candidate> tcp_candidates() const;
    ice::Credentials fresh_credentials();
    void forget(const router::Leg& leg);
    void forget(const router::Producer& producer);

    std::vector<Listen> listens_;
    const dtls::Identity& identity_;
    base::Random& random_;

    base::Slab<router::Pipe> pipes_;  // before the routers, whose streams hold on to them
    base::FlatMap<uint64_t, base::Handle<router::Pipe>> pipe_by_id_;
    base::DeadlineQueue<uint64_t> pipe_deadlines_;  // by pipe id

    base::Slab<Router> routers_;
    RouterOf router_of_router_, router_of_transport_, router_of_producer_, router_of_consumer_,
        router_of_observer_;
    Addressing addressing_;
    base::DeadlineQueue<uint64_t> deadlines_;  // by router id
};

}  // namespace parley::engine
