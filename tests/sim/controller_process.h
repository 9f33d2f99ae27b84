#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/core.h"
#include "tests/sim/switchboard.h"
#include "tests/sim/worker_process.h"

namespace parley::sim {

// Hears what passes between a controller and its clients and workers.
class Eavesdropper {
public:
    virtual ~Eavesdropper() = default;
    virtual void on_open(controller::ConnectionId connection,
                         const controller::Admission& admission) = 0;
    virtual void on_text(controller::ConnectionId connection, bool to_server,
                         std::string_view text) = 0;
    virtual void on_frame(controller::WorkerIndex worker, bool to_worker, base::Bytes frame) = 0;
};

// The controller's process and those of its workers on one machine: what main.cpp is to the world,
// this is to the simulated one. The controller can die and be started again; the workers stay.
class ControllerProcess final : public SocketServer, public Waiter {
public:
    static constexpr base::Duration kPipeDelay = 100us;
    static constexpr base::Duration kSpawnDelay = 60ms;  // from the fork to the socket
    static constexpr base::Duration kDeathNotice = 1ms;

    struct Options {
        controller::Options core;
        base::Duration orphan_timeout = limits::kOrphaned;
        uint64_t turns_between_looks = 1;  // at all that the core holds, whether it is in order
    };

    ControllerProcess(World& world, Network& network, Options options,
                      WorkerProcess::TurnEnded turn_ended);
    ~ControllerProcess() override;

    Switchboard& switchboard() { return switchboard_; }

    void start();
    void kill();
    bool alive() const { return core_ != nullptr; }
    void kill_worker(controller::WorkerIndex index);
    // Whether another server lends its workers from here on.
    void set_lends(bool lends) { lends_ = lends; }

    // A call of the core, whose outputs are carried out. REQUIRES: alive().
    template <typename Call>
    auto ask(Call call) {
        controller::Outputs out;
        auto answer = call(*core_, world_.now(), out);
        carry_out(out);
        return answer;
    }

    const controller::Controller& core() const { return *core_; }
    const WorkerProcess* worker(controller::WorkerIndex index) const;
    WorkerProcess* worker(controller::WorkerIndex index) { return workers_[index].process.get(); }
    size_t workers() const { return workers_.size(); }

    // The eavesdropper must outlive the process.
    void overhear(Eavesdropper& ear) { ear_ = &ear; }

    const std::vector<controller::Event>& events() const { return events_; }
    void forget_events() { events_ = {}; }  // a run of many hours cannot keep them all
    // The latest lines of its log, for whoever wants to know why a run failed.
    const std::deque<std::string>& log() const { return log_; }
    uint64_t errors_logged() const { return errors_logged_; }

    bool on_open(controller::ConnectionId connection,
                 const controller::Admission& admission) override;
    void on_text(controller::ConnectionId connection, const std::string& text) override;
    void on_closed(controller::ConnectionId connection) override;
    void on_deadline() override;

private:
    // One worker's place: at most one process is in it.
    struct Place {
        std::unique_ptr<WorkerProcess> process;
        std::unique_ptr<Line> line;
        uint64_t process_number = 0;    // grows with every process
        engine::ControllerId pipe = 0;  // 0: not connected
    };

    template <typename Call>
    void turn(Call call) {
        if (!core_) return;
        controller::Outputs out;
        call(*core_, out);
        carry_out(out);
    }

    void carry_out(const controller::Outputs& out);
    void carry_out(const controller::SendText& what);
    void carry_out(const controller::CloseConnection& what);
    void carry_out(const controller::ConnectWorker& what);
    void carry_out(const controller::SpawnWorker& what);
    void carry_out(const controller::KillWorker& what);
    void carry_out(const controller::BorrowWorker& what);
    void carry_out(const controller::ReturnWorker& what);
    void carry_out(const controller::SendToWorker& what);
    void carry_out(const controller::Event& what);
    void carry_out(const controller::Log& what);
    void carry_out(const controller::Dumped&) {}  // nobody asks for one here

    bool is_lent(controller::WorkerIndex index) const { return index >= options_.core.workers; }
    void spawn(controller::WorkerIndex index);
    void connect(controller::WorkerIndex index);
    void disconnect(controller::WorkerIndex index);
    void end_process(controller::WorkerIndex index);
    void say_gone(controller::WorkerIndex index, const char* reason);
    void to_controller(controller::WorkerIndex index, engine::ControllerId pipe,
                       std::vector<uint8_t> frame);

    World& world_;
    Network& network_;
    Options options_;
    WorkerProcess::TurnEnded turn_ended_;
    World::WaiterId waiter_;
    Switchboard switchboard_;
    std::unique_ptr<base::SeededRandom> random_;
    std::unique_ptr<controller::Controller> core_;
    uint64_t turns_ = 0;
    uint64_t life_ = 0;  // which one of the controller's, when it was killed before
    std::vector<Place> workers_;
    bool lends_ = true;
    engine::ControllerId latest_pipe_ = 0;
    std::vector<uint64_t> aligned_;
    Eavesdropper* ear_ = nullptr;
    std::vector<controller::Event> events_;
    std::deque<std::string> log_;
    uint64_t errors_logged_ = 0;
};

}  // namespace parley::sim
