#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/network.h"
#include "worker/engine/engine.h"

namespace parley::sim {

// A worker's process: the real engine, between the network and the pipe.
class WorkerProcess final : public Host, public Waiter, private net::DatagramSink {
public:
    struct Options {
        std::string id;
        uint32_t pid = 0;
        std::vector<net::Address> addresses;  // what it listens on
        base::Duration orphan_timeout = limits::kOrphaned;
    };

    using SendFrame = std::function<void(engine::ControllerId, std::vector<uint8_t> frame)>;
    // Called after every turn, which is when laws can be looked at.
    using TurnEnded = std::function<void(const WorkerProcess&)>;

    WorkerProcess(World& world, Network& network, Line& line, Options options, SendFrame send_frame,
                  TurnEnded turn_ended);
    ~WorkerProcess() override;

    // Dead: it hears nothing any more, and may be destroyed when its turn is over.
    void stop();

    void on_controller_connected(engine::ControllerId controller);
    // False: the engine could not read it, and the connection must be closed.
    bool on_frame(engine::ControllerId controller, base::Bytes frame);
    void on_controller_gone(engine::ControllerId controller);

    void on_datagrams(std::span<Arrived> batch) override;
    void on_deadline() override;

    bool finished() const { return engine_->finished(); }
    bool is_at(const net::Address& address) const;
    const engine::Engine& engine() const { return *engine_; }
    const net::Outbox& outbox() const { return outbox_; }
    uint64_t datagrams_received() const { return datagrams_received_; }  // handed to the engine
    uint64_t turns() const { return turns_; }

private:
    void send(std::span<const net::Datagram> batch) override;
    void end_turn();
    uint8_t index_of(const net::Address& address) const;

    World& world_;
    Network& network_;
    Options options_;
    SendFrame send_frame_;
    TurnEnded turn_ended_;
    World::WaiterId waiter_;
    base::SeededRandom random_;
    std::unique_ptr<dtls::Identity> identity_;
    net::Outbox outbox_;
    std::unique_ptr<engine::Engine> engine_;
    std::vector<net::Datagram> batch_;
    std::vector<uint64_t> aligned_;  // a frame where the engine may read it
    bool stopped_ = false;
    uint64_t datagrams_received_ = 0;
    uint64_t turns_ = 0;
};

}  // namespace parley::sim
