#include "tests/sim/whole/broker_client.h"

#include <algorithm>

#include "common/cluster/names.h"

namespace parley::sim {

namespace {

constexpr int kTagBits = 40;  // of the broker's tag; above them the connection
constexpr base::Duration kLeastWait = 200ms, kMostWait = 10s;

}  // namespace

BrokerClient::BrokerClient(World& world, VirtualBroker& broker, uint32_t number,
                           cluster::Topology topology, base::Duration heartbeat, Events events)
    : world_(world),
      broker_(broker),
      random_(world.fork_random()),
      number_(number),
      topology_(std::move(topology)),
      heartbeat_(heartbeat),
      events_(std::move(events)) {
    try_again();
}

BrokerClient::~BrokerClient() {
    *alive_ = false;
    if (wire_) broker_.end(wire_);
}

void BrokerClient::try_again() {
    if (std::exchange(connecting_, true)) return;
    const auto wait =
        std::min<base::Duration>(kLeastWait * (1 << std::min(tries_++, 10)), kMostWait);
    const double share = 0.5 + random_.unit();
    const base::Duration jittered(static_cast<int64_t>(static_cast<double>(wait.count()) * share));
    world_.after(tries_ == 1 ? 1ms : jittered, [this, alive = alive_] {
        if (*alive) try_to_connect();
    });
}

void BrokerClient::try_to_connect() {
    connecting_ = false;
    if (wire_ || hung_) return;
    if (cut_ || !broker_.is_up()) return try_again();
    tries_ = 1;
    connect();
}

void BrokerClient::connect() {
    ++generation_;
    wire_ = broker_.connect(*this, number_, topology_);
    for (const Consumed& one : consumed_) broker_.consume(wire_, one.queue, one.prefetch);
    std::erase_if(outbox_, [&](const Sent& sent) { return sent.useless <= world_.now(); });
    for (Sent& sent : outbox_) {
        broker_.may_double(sent.said.correlation_id);
        broker_.publish(wire_, sent.said, sent.sequence);
    }
    events_.on_up();
}

void BrokerClient::publish(cluster::Publish said) {
    const base::Instant useless =
        said.expiration ? world_.now() + *said.expiration : base::Instant::never();
    outbox_.push_back({++last_, std::move(said), useless});
    if (wire_) broker_.publish(wire_, outbox_.back().said, last_);
}

void BrokerClient::consume(const std::string& queue, uint16_t prefetch) {
    for (const Consumed& one : consumed_) {
        if (one.queue == queue) return;
    }
    consumed_.push_back({queue, prefetch});
    if (wire_) broker_.consume(wire_, queue, prefetch);
}

void BrokerClient::cancel(const std::string& queue) {
    const auto count =
        std::erase_if(consumed_, [&](const Consumed& one) { return one.queue == queue; });
    if (count > 0 && wire_) broker_.cancel(wire_, queue);
}

void BrokerClient::acknowledge(uint64_t tag) {
    if (wire_ && tag >> kTagBits == generation_) {
        broker_.acknowledge(wire_, tag & ((uint64_t{1} << kTagBits) - 1));
    }
}

void BrokerClient::reject(const cluster::Reject& rejection) {
    publish({.exchange = std::string(cluster::kDead), .body = rejection.reason});
    acknowledge(rejection.tag);
}

void BrokerClient::cut(bool is_cut) {
    cut_ = is_cut;
    if (!wire_) return;
    wire_->cut = is_cut;
    broker_.on_trouble(wire_, heartbeat_);
}

void BrokerClient::hang(bool is_hung) {
    hung_ = is_hung;
    if (!wire_) {
        if (!is_hung) try_again();
        return;
    }
    wire_->hung = is_hung;
    broker_.on_trouble(wire_, heartbeat_);
}

void BrokerClient::on_letter(const std::shared_ptr<Wire>& wire, const std::string& queue,
                             uint64_t tag, const Copy& copy) {
    if (wire != wire_) return;
    const cluster::Publish& said = copy.letter->said;
    events_.on_delivery({.tag = tag == 0 ? 0 : generation_ << kTagBits | tag,
                         .queue = queue,
                         .key = said.key,
                         .body = said.body,
                         .reply_to = said.reply_to,
                         .correlation_id = said.correlation_id,
                         .traceparent = said.traceparent,
                         .redelivered = copy.redelivered});
}

void BrokerClient::on_confirm(const std::shared_ptr<Wire>& wire, uint64_t sequence) {
    if (wire != wire_ || outbox_.empty() || outbox_.front().sequence > sequence) return;
    while (outbox_.front().sequence < sequence) outbox_.pop_front();
    const uint64_t id = outbox_.front().said.id;
    outbox_.pop_front();
    if (id != 0) events_.on_confirmed(id);
}

void BrokerClient::on_closed(const std::shared_ptr<Wire>& wire) {
    if (wire != wire_) return;
    broker_.end(wire_);
    wire_ = nullptr;
    events_.on_down();
    try_again();
}

}  // namespace parley::sim
