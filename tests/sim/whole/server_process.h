#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/cluster/presence.h"
#include "controller/core.h"
#include "tests/sim/whole/broker_client.h"
#include "tests/sim/whole/witness.h"
#include "tests/sim/world.h"
#include "tests/unit/controller/model_worker.h"

namespace parley::sim {

// What a server is made of in a simulation of the whole.
struct ServerPlan {
    std::string id;
    std::string region;
    uint32_t workers = 1;
    uint32_t most_rooms = 400;
    bool hears_others = false;  // keeps a directory of the other servers' rooms; not all can, here
    double idle_load = 0.02;    // of a core, per server
    double load_per_peer = 0.0008;  // of a core
};

// One server as its main.cpp wires it: the real core of the controller and the real presence on the
// virtual broker, over model workers that carry no media but say how busy so many peers make them.
// Nothing else is a model: rooms are opened, reported, released, recovered and closed by the code
// that does it in production.
class ServerProcess : Waiter {
public:
    using ConnectionId = controller::ConnectionId;
    struct Events {
        std::function<void(const std::string& room, cluster::Epoch epoch)> on_opened;
        // "" when the process went down with it.
        std::function<void(const std::string& room, const std::string& reason)> on_closed;
        std::function<void(ConnectionId peer, uint16_t code)> on_peer_out;
    };

    ServerProcess(World& world, VirtualBroker& broker, const Witness& witness, uint32_t number,
                  ServerPlan plan, Events events);
    ~ServerProcess() override;

    void start();
    void die();             // the machine: workers too
    void die_controller();  // workers live on
    void hang(bool is_hung);
    void cut(bool is_cut);

    // A peer comes to a room that is here, and goes.
    ConnectionId admit(const std::string& room, const std::string& peer);
    void leave(ConnectionId peer);

    bool runs() const { return core_ && !hung_; }
    // Runs, and has had its connection to the broker since so long ago that the others know.
    bool well() const { return runs() && !cut_ && client_->up() && world_.now() - up_since_ > 2s; }
    bool takes_rooms() const { return well() && presence_->state() == cluster::ServerState::Up; }
    base::Duration up_for() const { return world_.now() - started_; }
    const std::set<std::string>& rooms() const { return rooms_; }
    size_t peers() const { return peers_.size(); }
    bool has(ConnectionId peer) const { return peers_.contains(peer); }
    double used() const { return plan_.idle_load + plan_.load_per_peer * double(peers_.size()); }
    double capacity() const { return 0.85 * plan_.workers; }
    const ServerPlan& plan() const { return plan_; }
    cluster::Epoch epoch(const std::string& room) const { return core_ ? core_->epoch(room) : 0; }
    void ensure_invariants() const {
        if (core_) core_->ensure_invariants();
    }

private:
    struct Worker {
        std::unique_ptr<test::ModelWorker> model;  // nullptr: no such process
    };

    template <typename Call>
    void turn(Call call);
    void pump(controller::Outputs out);
    void deliver(const controller::Output& output, controller::Outputs& more);
    void deliver(controller::clustering::Mail mail);
    void to_worker(uint32_t index, std::span<const uint8_t> frame, controller::Outputs& more);
    void on_event(const controller::Event& event);
    void connect();
    void forget_rooms();
    void take_recovered();
    void on_deadline() override;
    void arm();

    World& world_;
    VirtualBroker& broker_;
    const Witness& witness_;
    base::SeededRandom random_;
    uint32_t number_;
    World::WaiterId waiter_;
    ServerPlan plan_;
    Events events_;
    bool hung_ = false, cut_ = false;
    bool recovering_ = false;  // from the snapshots of workers
    base::Instant started_, up_since_, measured_at_;
    uint32_t next_pid_ = 1;
    ConnectionId last_connection_ = 0;
    std::vector<Worker> workers_;
    std::set<ConnectionId> peers_;
    std::set<std::string> rooms_;
    std::unique_ptr<controller::Controller> core_;
    std::unique_ptr<controller::clustering::Presence> presence_;
    std::unique_ptr<BrokerClient> client_;
};

}  // namespace parley::sim
