#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/random.h"
#include "common/cluster/mail.h"
#include "common/cluster/topology.h"
#include "tests/sim/world.h"

namespace parley::sim {

class BrokerClient;

// A message that the broker has taken. Its copies in several queues share it.
struct Letter {
    cluster::Publish said;
    base::Instant expires;
};

// A letter in one queue.
struct Copy {
    std::shared_ptr<const Letter> letter;
    bool redelivered = false;
};

// One TCP connection between a program and the broker. Each direction keeps its order. While it is
// stalled (a partition, a program that stands still) what was sent waits on the way.
struct Wire {
    struct Unsettled {
        std::string queue;
        Copy copy;
    };

    uint32_t number;       // of the client
    BrokerClient* client;  // nullptr: the program is gone, or has given the connection up
    std::string at_name{};
    bool open = true;       // at the broker's end
    bool cut = false;       // nothing passes
    bool hung = false;      // the program does not read
    uint64_t troubles = 0;  // how often that changed
    base::Instant last_up{}, last_down{};
    std::deque<std::function<void()>> up{}, down{};  // arrived, and can not pass
    std::map<uint64_t, Unsettled> unsettled{};
    uint64_t last_tag = 0;
};

// RabbitMQ as far as Parley leans on it, in virtual time: exchanges, queues and bindings as the
// programs declare them; quorum queues that outlive a crash, temporary ones that do not outlive
// their connection; a single active consumer; prefetch, redelivery, confirms, expiry, direct
// replies; a delay on every way. A connection that shows no life is closed at either end after a
// heartbeat or two and a half.
class VirtualBroker {
public:
    explicit VirtualBroker(World& world) : world_(world), random_(world.fork_random()) {}

    // All connections end; temporary queues are gone, the others have all they had.
    void crash();
    void restart() { up_ = true; }
    bool is_up() const { return up_; }

    // Letters that may have come twice, by correlation id: delivered again, or sent again.
    void may_double(const std::string& correlation_id) { doubles_.insert(correlation_id); }
    bool may_have_doubled(const std::string& id) const { return doubles_.contains(id); }

    uint64_t letters() const { return letters_; }

    // --- for BrokerClient

    std::shared_ptr<Wire> connect(BrokerClient& client, uint32_t number,
                                  const cluster::Topology& topology);
    void publish(const std::shared_ptr<Wire>& wire, const cluster::Publish& said,
                 uint64_t sequence);
    void acknowledge(const std::shared_ptr<Wire>& wire, uint64_t tag);
    void consume(const std::shared_ptr<Wire>& wire, const std::string& queue, uint16_t prefetch);
    void cancel(const std::shared_ptr<Wire>& wire, const std::string& queue);
    void end(const std::shared_ptr<Wire>& wire);  // the program closed it, or is gone
    // Call after `cut` or `hung` has changed.
    void on_trouble(const std::shared_ptr<Wire>& wire, base::Duration heartbeat);

private:
    using WirePtr = std::shared_ptr<Wire>;
    struct Consumer {
        WirePtr wire;
        uint16_t prefetch;  // 0: nothing is acknowledged
        size_t unsettled = 0;
    };
    struct Queue {
        std::string said_name;  // as its declarer calls it
        bool temporary = false;
        bool single_active = false;
        std::deque<Copy> copies{};
        std::vector<Consumer> consumers{};  // in the order of their coming
        size_t next = 0;                    // consumer, in turn
    };
    struct Binding {
        std::string key;
        std::string queue;
    };

    base::Duration delay();
    void send_up(const WirePtr& wire, std::function<void()> what);
    void send_down(const WirePtr& wire, std::function<void()> what);
    void flush(std::deque<std::function<void()>>& stalled, const bool& still);
    void declare(const Wire& wire, const cluster::Topology& topology);
    void route(const WirePtr& from, const cluster::Publish& said);
    void put(const std::string& queue, const std::shared_ptr<const Letter>& letter);
    void reply(const std::shared_ptr<const Letter>& letter);
    void serve(const std::string& name, Queue& queue);
    Consumer* next_consumer(Queue& queue);
    void deliver(const std::string& name, Queue& queue, Consumer& consumer, Copy copy);
    void drop(const WirePtr& wire);
    std::string name_for(const Wire& wire, const std::string& queue) const;

    World& world_;
    base::SeededRandom random_;
    bool up_ = true;
    std::map<std::string, cluster::ExchangeKind> exchanges_;
    std::map<std::string, std::vector<Binding>> topics_;  // by exchange
    std::map<std::string, std::unordered_map<std::string, std::string>>
        directs_;  // -> key -> queue
    std::map<std::string, Queue> queues_;
    std::vector<WirePtr> wires_;
    uint64_t last_reply_ = 0;
    std::unordered_map<std::string, std::weak_ptr<Wire>> replies_;  // by the reply_to made up
    std::deque<std::string> replies_made_;
    std::set<std::string> doubles_;
    uint64_t letters_ = 0;
};

}  // namespace parley::sim
