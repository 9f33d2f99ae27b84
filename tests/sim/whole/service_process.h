#pragma once

#include <memory>
#include <optional>
#include <string>

#include "router-service/core.h"
#include "tests/sim/whole/broker_client.h"
#include "tests/sim/whole/witness.h"
#include "tests/sim/world.h"

namespace parley::sim {

// One router-service as its main.cpp wires it: the real core on the virtual broker. It dies, hangs,
// loses its connection and comes back knowing nothing.
class ServiceProcess : Waiter {
public:
    ServiceProcess(World& world, VirtualBroker& broker, const Witness& witness, uint32_t number,
                   router_service::Options options);
    ~ServiceProcess() override;

    void start();
    void die();
    void hang(bool is_hung);
    void cut(bool is_cut);

    bool runs() const { return core_ && !hung_; }
    bool troubled() const { return !runs() || cut_; }
    bool is_active() const { return runs() && core_->is_active(); }
    // It can give homes.
    bool serves() const { return is_active() && core_->is_whole() && !cut_; }
    const router_service::RouterService* core() const { return core_.get(); }
    const router_service::Counts& counts_before() const { return before_; }  // of earlier processes

private:
    template <typename Call>
    void turn(Call call);
    void deliver(const router_service::Output& output);
    void connect();
    void on_deadline() override;
    void arm();

    World& world_;
    VirtualBroker& broker_;
    const Witness& witness_;
    base::SeededRandom random_;
    uint32_t number_;
    World::WaiterId waiter_;
    router_service::Options options_;
    router_service::Counts before_;
    bool hung_ = false, cut_ = false;
    std::unique_ptr<router_service::RouterService> core_;
    std::unique_ptr<BrokerClient> client_;
};

}  // namespace parley::sim
