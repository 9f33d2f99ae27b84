#include "tests/sim/whole/virtual_broker.h"

#include <algorithm>

#include "common/cluster/names.h"
#include "tests/sim/digest.h"
#include "tests/sim/whole/broker_client.h"

namespace parley::sim {

namespace {

constexpr size_t kRepliesMost = 100'000;  // ways back that are remembered

bool matches(std::string_view pattern, std::string_view key) {
    if (pattern == "#" || pattern == key) return true;
    const bool all = pattern.ends_with(".#"), word = pattern.ends_with(".*");
    if (!all && !word) return false;
    pattern.remove_suffix(1);
    if (!key.starts_with(pattern)) return false;
    return all || key.find('.', pattern.size()) == key.npos;
}

}  // namespace

// Mostly a local network, now and then a queue whose leader moves.
base::Duration VirtualBroker::delay() {
    const bool slow = random_.below(500) == 0;
    return base::Duration(slow ? 50'000 + random_.below(150'000) : 200 + random_.below(2'000));
}

void VirtualBroker::send_up(const WirePtr& wire, std::function<void()> what) {
    wire->last_up = std::max(wire->last_up, world_.now() + delay());
    world_.at(wire->last_up, [wire, what = std::move(what)] {
        if (!wire->open) return;
        if (wire->cut) {
            wire->up.push_back(what);
        } else {
            what();
        }
    });
}

void VirtualBroker::send_down(const WirePtr& wire, std::function<void()> what) {
    wire->last_down = std::max(wire->last_down, world_.now() + delay());
    world_.at(wire->last_down, [wire, what = std::move(what)] {
        if (wire->client == nullptr) return;
        if (wire->cut || wire->hung) {
            wire->down.push_back(what);
        } else {
            what();
        }
    });
}

void VirtualBroker::flush(std::deque<std::function<void()>>& stalled, const bool& still) {
    while (!stalled.empty() && !still) {
        const std::function<void()> what = std::move(stalled.front());
        stalled.pop_front();
        what();
    }
}

void VirtualBroker::on_trouble(const std::shared_ptr<Wire>& wire, base::Duration heartbeat) {
    const uint64_t trouble = ++wire->troubles;
    if (!wire->cut && wire->open) flush(wire->up, wire->cut);
    if (!wire->cut && !wire->hung && wire->client) {
        // Whatever is done about one may end the connection.
        while (!wire->down.empty() && wire->client && !wire->cut && !wire->hung) {
            const std::function<void()> what = std::move(wire->down.front());
            wire->down.pop_front();
            what();
        }
    }
    // The end of a connection that was closed meanwhile shows when the network is back.
    if (!wire->cut && !wire->hung && wire->client && !wire->open) {
        return send_down(wire, [wire] { wire->client->on_closed(wire); });
    }
    if (!wire->cut && !wire->hung) return;
    const auto patience = [&] {
        return base::Duration(
            heartbeat.count() +
            static_cast<int64_t>(random_.below(static_cast<uint64_t>(heartbeat.count()) * 3 / 2)));
    };
    world_.after(patience(), [this, wire, trouble] {
        if (wire->troubles == trouble && wire->open) drop(wire);
    });
    if (!wire->cut || wire->hung) return;
    world_.after(patience(), [wire, trouble] {
        if (wire->troubles == trouble && wire->client) wire->client->on_closed(wire);
    });
}

std::string VirtualBroker::name_for(const Wire& wire, const std::string& queue) const {
    return queues_.contains(queue) ? queue : queue + wire.at_name;
}

std::shared_ptr<Wire> VirtualBroker::connect(BrokerClient& client, uint32_t number,
                                             const cluster::Topology& topology) {
    auto wire = std::make_shared<Wire>(Wire{.number = number, .client = &client});
    wire->at_name = "@" + std::to_string(++last_reply_);
    wires_.push_back(wire);
    declare(*wire, topology);
    return wire;
}

void VirtualBroker::declare(const Wire& wire, const cluster::Topology& topology) {
    for (const cluster::Exchange& exchange : topology.exchanges) {
        exchanges_.emplace(exchange.name, exchange.kind);
    }
    std::set<std::string> temporary;
    for (const cluster::Queue& queue : topology.queues) {
        const std::string name = queue.temporary ? queue.name + wire.at_name : queue.name;
        if (queue.temporary) temporary.insert(queue.name);
        queues_.try_emplace(name, Queue{.said_name = queue.name,
                                        .temporary = queue.temporary,
                                        .single_active = queue.single_active_consumer});
    }
    for (const cluster::Binding& binding : topology.bindings) {
        const bool own = temporary.contains(binding.queue);
        const std::string name = own ? binding.queue + wire.at_name : binding.queue;
        if (exchanges_.at(binding.exchange) == cluster::ExchangeKind::Direct) {
            directs_[binding.exchange][binding.key] = name;
            continue;
        }
        std::vector<Binding>& all = topics_[binding.exchange];
        const bool known = std::ranges::any_of(all, [&](const Binding& other) {
            return other.key == binding.key && other.queue == name;
        });
        if (!known) all.push_back({binding.key, name});
    }
}

void VirtualBroker::publish(const std::shared_ptr<Wire>& wire, const cluster::Publish& said,
                            uint64_t sequence) {
    send_up(wire, [this, wire, said, sequence] {
        world_.trace(said.key, wire->number, sequence, digest_of(base::as_bytes(said.body)));
        route(wire, said);
        send_down(wire, [wire, sequence] { wire->client->on_confirm(wire, sequence); });
    });
}

void VirtualBroker::route(const WirePtr& from, const cluster::Publish& said) {
    ++letters_;
    auto letter = std::make_shared<Letter>(
        Letter{said, said.expiration ? world_.now() + *said.expiration : base::Instant::never()});
    if (said.reply_to == cluster::kReplyTo) {
        letter->said.reply_to += "." + std::to_string(++last_reply_);
        replies_[letter->said.reply_to] = from;
        replies_made_.push_back(letter->said.reply_to);
        if (replies_made_.size() > kRepliesMost) {
            replies_.erase(replies_made_.front());
            replies_made_.pop_front();
        }
    }
    if (said.exchange.empty()) {
        if (said.key.starts_with(cluster::kReplyTo)) return reply(letter);
        return put(said.key, letter);
    }
    if (exchanges_.at(said.exchange) == cluster::ExchangeKind::Direct) {
        const auto& keys = directs_[said.exchange];
        if (const auto found = keys.find(said.key); found != keys.end()) put(found->second, letter);
        return;
    }
    const bool all = exchanges_.at(said.exchange) == cluster::ExchangeKind::Fanout;
    for (const Binding& binding : topics_[said.exchange]) {
        if (all || matches(binding.key, said.key)) put(binding.queue, letter);
    }
}

void VirtualBroker::put(const std::string& name, const std::shared_ptr<const Letter>& letter) {
    const auto queue = queues_.find(name);
    if (queue == queues_.end()) return;
    queue->second.copies.push_back({letter});
    serve(name, queue->second);
}

void VirtualBroker::reply(const std::shared_ptr<const Letter>& letter) {
    const auto found = replies_.find(letter->said.key);
    if (found == replies_.end()) return;
    const WirePtr to = found->second.lock();
    if (!to || !to->open) return;
    send_down(to, [to, letter] {
        to->client->on_letter(to, std::string(cluster::kReplyTo), 0, {letter});
    });
}

VirtualBroker::Consumer* VirtualBroker::next_consumer(Queue& queue) {
    const size_t count =
        queue.single_active ? std::min<size_t>(queue.consumers.size(), 1) : queue.consumers.size();
    for (size_t tried = 0; tried < count; ++tried) {
        Consumer& consumer = queue.consumers[queue.next++ % count];
        if (consumer.prefetch == 0 || consumer.unsettled < consumer.prefetch) return &consumer;
    }
    return nullptr;
}

void VirtualBroker::serve(const std::string& name, Queue& queue) {
    while (!queue.copies.empty()) {
        if (queue.copies.front().letter->expires <= world_.now()) {
            queue.copies.pop_front();
            continue;
        }
        Consumer* consumer = next_consumer(queue);
        if (consumer == nullptr) return;
        Copy copy = std::move(queue.copies.front());
        queue.copies.pop_front();
        deliver(name, queue, *consumer, std::move(copy));
    }
}

void VirtualBroker::deliver(const std::string& name, Queue& queue, Consumer& consumer, Copy copy) {
    const WirePtr to = consumer.wire;
    uint64_t tag = 0;
    if (consumer.prefetch > 0) {
        ++consumer.unsettled;
        tag = ++to->last_tag;
        to->unsettled.emplace(tag, Wire::Unsettled{name, copy});
    }
    send_down(to, [to, said = queue.said_name, tag, copy = std::move(copy)] {
        to->client->on_letter(to, said, tag, copy);
    });
}

void VirtualBroker::acknowledge(const std::shared_ptr<Wire>& wire, uint64_t tag) {
    send_up(wire, [this, wire, tag] {
        const auto found = wire->unsettled.find(tag);
        if (found == wire->unsettled.end()) return;
        const std::string name = found->second.queue;
        wire->unsettled.erase(found);
        Queue& queue = queues_.at(name);
        for (Consumer& consumer : queue.consumers) {
            if (consumer.wire == wire) --consumer.unsettled;
        }
        serve(name, queue);
    });
}

void VirtualBroker::consume(const std::shared_ptr<Wire>& wire, const std::string& queue,
                            uint16_t prefetch) {
    if (queue == cluster::kReplyTo) return;
    send_up(wire, [this, wire, queue, prefetch] {
        const std::string name = name_for(*wire, queue);
        Queue& found = queues_.at(name);
        found.consumers.push_back({wire, prefetch});
        serve(name, found);
    });
}

void VirtualBroker::cancel(const std::shared_ptr<Wire>& wire, const std::string& queue) {
    send_up(wire, [this, wire, queue] {
        const std::string name = name_for(*wire, queue);
        Queue& found = queues_.at(name);
        std::erase_if(found.consumers, [&](const Consumer& c) { return c.wire == wire; });
        serve(name, found);
    });
}

void VirtualBroker::end(const std::shared_ptr<Wire>& wire) {
    wire->client = nullptr;
    wire->down.clear();
    if (!wire->open || wire->cut) return;  // then it shows by the heartbeat
    world_.after(delay(), [this, wire] {
        if (wire->open) drop(wire);
    });
}

// Gives back what was not settled, in its order, before what came since.
void VirtualBroker::drop(const WirePtr& wire) {
    wire->open = false;
    wire->up.clear();
    std::erase(wires_, wire);
    std::set<std::string> touched;
    for (auto one = wire->unsettled.rbegin(); one != wire->unsettled.rend(); ++one) {
        one->second.copy.redelivered = true;
        may_double(one->second.copy.letter->said.correlation_id);
        touched.insert(one->second.queue);
        queues_.at(one->second.queue).copies.push_front(std::move(one->second.copy));
    }
    wire->unsettled.clear();
    for (auto& [name, queue] : queues_) {
        if (std::erase_if(queue.consumers, [&](const Consumer& c) { return c.wire == wire; }) > 0) {
            touched.insert(name);
        }
    }
    std::erase_if(queues_, [&](const auto& queue) {
        return queue.second.temporary && queue.first.ends_with(wire->at_name);
    });
    for (auto& [exchange, bindings] : topics_) {
        std::erase_if(bindings, [&](const Binding& b) { return b.queue.ends_with(wire->at_name); });
    }
    for (const std::string& name : touched) {
        if (const auto queue = queues_.find(name); queue != queues_.end()) {
            serve(name, queue->second);
        }
    }
    if (wire->client && !wire->cut && !wire->hung) {
        send_down(wire, [wire] { wire->client->on_closed(wire); });
    }
}

void VirtualBroker::crash() {
    up_ = false;
    const std::vector<WirePtr> wires = wires_;
    // Nobody is served meanwhile.
    for (auto& [name, queue] : queues_) queue.consumers.clear();
    for (const WirePtr& wire : wires) drop(wire);
}

}  // namespace parley::sim
