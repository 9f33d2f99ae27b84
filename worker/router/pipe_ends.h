#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/flat_map.h"
#include "worker/router/pipe_rules.h"
#include "worker/router/piped_consumer.h"

namespace parley::router {

// The streams of one router that go into pipes, and those that come out of them. It owns the
// former; the latter are producers of the router like any other. Pipes outlive both.
class PipeEnds {
public:
    struct Out {
        Producer* producer;
        Pipe* pipe;
        uint32_t rtx_ssrc;  // 0: none
    };

    PipedConsumer& consume(ConsumerOptions options, Producer& producer, Pipe& pipe,
                           base::Random& random);
    PipedConsumer* find_consumer(uint64_t id) const;
    void close(const PipedConsumer& consumer);

    // REQUIRES: its SSRC was signalled, and the pipe does not hear it yet.
    void add(Producer& producer, Pipe& pipe, base::Handle<Router> self, uint32_t rtx_ssrc);
    // False: it comes out of no pipe.
    bool remove(const Producer& producer);
    void set_paused(const Producer& producer, bool paused);

    // For the router's streams in this pipe, as long as there are any: after the last the rule is
    // forgotten. `voices` are all of the router. False: none goes there.
    bool set_rule(uint64_t pipe, PipeRule rule, std::span<Producer* const> voices);
    PipeRules& rules() { return rules_; }
    const PipeRules& rules() const { return rules_; }
    // The hot path: a packet of a voice of the router, before it is forwarded.
    void on_packet(base::Instant now, const Producer& voice, int8_t dbov) {
        if (rules_.on_packet(now, voice, dbov)) settle();
    }
    // After any change of rules, or of who speaks.
    void settle();

    const std::vector<std::unique_ptr<PipedConsumer>>& consumers() const { return consumers_; }
    const std::vector<Out>& producers() const { return producers_; }

private:
    const Out* find(const Producer& producer) const;
    bool goes_into(uint64_t pipe) const;

    std::vector<std::unique_ptr<PipedConsumer>> consumers_;
    base::FlatMap<uint64_t, PipedConsumer*> consumer_by_id_;
    std::vector<Out> producers_;
    PipeRules rules_;
};

}  // namespace parley::router
