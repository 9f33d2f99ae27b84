#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/flat_map.h"
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

    const std::vector<std::unique_ptr<PipedConsumer>>& consumers() const { return consumers_; }
    const std::vector<Out>& producers() const { return producers_; }

private:
    const Out* find(const Producer& producer) const;

    std::vector<std::unique_ptr<PipedConsumer>> consumers_;
    base::FlatMap<uint64_t, PipedConsumer*> consumer_by_id_;
    std::vector<Out> producers_;
};

}  // namespace parley::router
