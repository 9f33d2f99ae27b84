#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/whole/virtual_broker.h"

namespace parley::sim {

// What shell::AmqpClient is to the cores, on the virtual broker: it keeps what was published until
// it is confirmed and sends it again on the next connection, connects again for as long as it
// takes, and passes over the tags of an earlier connection.
class BrokerClient {
public:
    struct Events {
        std::function<void()> on_up, on_down;
        std::function<void(const cluster::Delivery&)> on_delivery;
        std::function<void(uint64_t id)> on_confirmed;
    };

    BrokerClient(World& world, VirtualBroker& broker, uint32_t number, cluster::Topology topology,
                 base::Duration heartbeat, Events events);
    ~BrokerClient();  // as a process that dies: what is on its way arrives, the rest is lost
    BrokerClient(const BrokerClient&) = delete;

    void publish(cluster::Publish said);
    void consume(const std::string& queue, uint16_t prefetch);
    void cancel(const std::string& queue);
    void acknowledge(uint64_t tag);
    void reject(const cluster::Reject& rejection);

    void cut(bool is_cut);    // from the broker
    void hang(bool is_hung);  // the process stands still
    bool up() const { return wire_ != nullptr; }

    // --- for VirtualBroker

    void on_letter(const std::shared_ptr<Wire>& wire, const std::string& queue, uint64_t tag,
                   const Copy& copy);
    void on_confirm(const std::shared_ptr<Wire>& wire, uint64_t sequence);
    void on_closed(const std::shared_ptr<Wire>& wire);

private:
    struct Sent {
        uint64_t sequence;
        cluster::Publish said;
        base::Instant useless;  // from then on
    };
    struct Consumed {
        std::string queue;
        uint16_t prefetch;
    };

    void try_to_connect();
    void try_again();
    void connect();

    World& world_;
    VirtualBroker& broker_;
    base::SeededRandom random_;
    uint32_t number_;
    cluster::Topology topology_;
    base::Duration heartbeat_;
    Events events_;
    std::shared_ptr<Wire> wire_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    bool cut_ = false, hung_ = false;
    bool connecting_ = false;
    int tries_ = 0;
    uint64_t generation_ = 0;  // of the connection, in every tag
    uint64_t last_ = 0;
    std::deque<Sent> outbox_;
    std::vector<Consumed> consumed_;
};

}  // namespace parley::sim
