#include "worker/router/pipe_ends.h"

#include <algorithm>
#include <utility>

namespace parley::router {

PipedConsumer& PipeEnds::consume(ConsumerOptions options, Producer& producer, Pipe& pipe,
                                 base::Random& random) {
    consumers_.push_back(
        std::make_unique<PipedConsumer>(std::move(options), producer, pipe, random));
    PipedConsumer& consumer = *consumers_.back();
    consumer_by_id_.insert(consumer.stream().id(), &consumer);
    consumer.stream().set_withheld(!rules_.lets_in(consumer));
    return consumer;
}

PipedConsumer* PipeEnds::find_consumer(uint64_t id) const {
    PipedConsumer* const* consumer = consumer_by_id_.find(id);
    return consumer ? *consumer : nullptr;
}

void PipeEnds::close(const PipedConsumer& consumer) {
    const uint64_t pipe = consumer.pipe().id();
    consumer_by_id_.erase(consumer.stream().id());
    std::erase_if(consumers_, [&](const auto& each) { return each.get() == &consumer; });
    if (!goes_into(pipe)) rules_.erase(pipe);
}

bool PipeEnds::goes_into(uint64_t pipe) const {
    return std::any_of(consumers_.begin(), consumers_.end(),
                       [&](const auto& each) { return each->pipe().id() == pipe; });
}

bool PipeEnds::set_rule(uint64_t pipe, PipeRule rule, std::span<Producer* const> voices) {
    if (!goes_into(pipe)) return false;
    rules_.set(pipe, std::move(rule), voices);
    settle();
    return true;
}

void PipeEnds::settle() {
    for (const auto& each : consumers_) each->stream().set_withheld(!rules_.lets_in(*each));
}

void PipeEnds::add(Producer& producer, Pipe& pipe, base::Handle<Router> self, uint32_t rtx_ssrc) {
    ENSURE(producer.ssrc().has_value());
    pipe.add({self, producer, *producer.ssrc(), rtx_ssrc, producer.paused()});
    producers_.push_back({&producer, &pipe, rtx_ssrc});
}

const PipeEnds::Out* PipeEnds::find(const Producer& producer) const {
    const auto found = std::find_if(producers_.begin(), producers_.end(),
                                    [&](const Out& each) { return each.producer == &producer; });
    return found == producers_.end() ? nullptr : &*found;
}

bool PipeEnds::remove(const Producer& producer) {
    const Out* out = find(producer);
    if (!out) return false;
    out->pipe->remove_stream(*producer.ssrc());
    producers_.erase(producers_.begin() + (out - producers_.data()));
    return true;
}

void PipeEnds::set_paused(const Producer& producer, bool paused) {
    if (const Out* out = find(producer)) out->pipe->pause_stream(*producer.ssrc(), paused);
}

}  // namespace parley::router
