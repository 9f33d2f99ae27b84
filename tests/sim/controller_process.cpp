#include "tests/sim/controller_process.h"

#include <cstring>
#include <utility>
#include <variant>

#include "tests/sim/digest.h"

namespace parley::sim {

using controller::ConnectionId;
using controller::WorkerIndex;

namespace {

constexpr size_t kLogLines = 200;

// Each worker of the machine has a port of its own, on an IPv4 and an IPv6 address.
std::vector<net::Address> addresses_of(WorkerIndex index) {
    const auto port = static_cast<uint16_t>(40'000 + index);
    return {*net::parse_ip("192.0.2.10", port), *net::parse_ip("2001:db8::10", port)};
}

}  // namespace

ControllerProcess::ControllerProcess(World& world, Network& network, Options options,
                                     WorkerProcess::TurnEnded turn_ended)
    : world_(world),
      network_(network),
      options_(std::move(options)),
      turn_ended_(std::move(turn_ended)),
      waiter_(world.join(*this)),
      switchboard_(world, *this),
      workers_(options_.core.workers + options_.core.loans) {
    for (Place& place : workers_) {
        place.line = std::make_unique<Line>(world.fork_random());
        place.line->up.conditions.delay = place.line->down.conditions.delay = 100us;
    }
}

ControllerProcess::~ControllerProcess() {
    world_.leave(waiter_);
}

void ControllerProcess::start() {
    ENSURE(!core_);
    ++life_;
    random_ = std::make_unique<base::SeededRandom>(world_.fork_random());
    core_ = std::make_unique<controller::Controller>(options_.core, *random_);
    turn([&](auto& core, auto& out) { core.on_start(world_.now(), out); });
}

void ControllerProcess::kill() {
    core_.reset();
    switchboard_.server_died();
    world_.set_deadline(waiter_, base::Instant::never());
    for (WorkerIndex index = 0; index < workers_.size(); ++index) disconnect(index);
}

void ControllerProcess::kill_worker(WorkerIndex index) {
    if (!workers_[index].process) return;
    end_process(index);
    say_gone(index, "killed by signal 9");
}

const WorkerProcess* ControllerProcess::worker(WorkerIndex index) const {
    return workers_[index].process.get();
}

// A process may end in the middle of its own turn: its place is free at once, and it is destroyed
// when the turn is over.
void ControllerProcess::end_process(WorkerIndex index) {
    Place& place = workers_[index];
    if (!place.process) return;
    place.pipe = 0;
    ++place.process_number;
    const std::shared_ptr<WorkerProcess> ending = std::move(place.process);
    ending->stop();
    world_.at(world_.now(), [ending] {});
}

void ControllerProcess::say_gone(WorkerIndex index, const char* reason) {
    world_.after(kDeathNotice, [this, index, reason, life = life_] {
        if (life != life_ || workers_[index].pipe != 0) return;
        turn([&](auto& core, auto& out) { core.on_worker_gone(world_.now(), index, reason, out); });
    });
}

void ControllerProcess::spawn(WorkerIndex index) {
    Place& place = workers_[index];
    end_process(index);
    const uint64_t number = ++place.process_number;
    const auto pid = static_cast<uint32_t>(1000 + index * 100 + number);
    place.process = std::make_unique<WorkerProcess>(
        world_, network_, *place.line,
        WorkerProcess::Options{"worker-" + std::to_string(index), pid, addresses_of(index),
                               options_.orphan_timeout},
        [this, index](engine::ControllerId pipe, std::vector<uint8_t> frame) {
            to_controller(index, pipe, std::move(frame));
        },
        [this, index](const WorkerProcess& process) {
            turn_ended_(process);
            if (process.finished() && workers_[index].process.get() == &process) {
                kill_worker(index);
            }
        });
}

void ControllerProcess::connect(WorkerIndex index) {
    Place& place = workers_[index];
    if (!place.process) return say_gone(index, "no process");
    place.pipe = ++latest_pipe_;
    place.process->on_controller_connected(place.pipe);
    turn([&](auto& core, auto& out) {
        if (is_lent(index)) return core.on_worker_lent(world_.now(), index, {"lender", 0}, out);
        core.on_worker_connected(world_.now(), index, out);
    });
}

void ControllerProcess::disconnect(WorkerIndex index) {
    Place& place = workers_[index];
    const engine::ControllerId pipe = std::exchange(place.pipe, 0);
    if (pipe == 0) return;
    world_.after(kDeathNotice, [this, index, pipe, number = place.process_number] {
        Place& same = workers_[index];
        if (same.process && same.process_number == number) same.process->on_controller_gone(pipe);
    });
}

void ControllerProcess::to_controller(WorkerIndex index, engine::ControllerId pipe,
                                      std::vector<uint8_t> frame) {
    world_.after(kPipeDelay, [this, index, pipe, frame = std::move(frame)] {
        if (workers_[index].pipe != pipe) return;
        world_.trace("from worker", index, pipe, digest_of(frame));
        if (ear_) ear_->on_frame(index, false, frame);
        aligned_.resize(frame.size() / 8 + 1);
        std::memcpy(aligned_.data(), frame.data(), frame.size());
        const base::Bytes copy(reinterpret_cast<const uint8_t*>(aligned_.data()), frame.size());
        turn([&](auto& core, auto& out) { core.on_worker_frame(world_.now(), index, copy, out); });
    });
}

bool ControllerProcess::on_open(ConnectionId connection, const controller::Admission& admission) {
    if (!core_) return false;
    if (ear_) ear_->on_open(connection, admission);
    turn([&](auto& core, auto& out) { core.on_connect(world_.now(), connection, admission, out); });
    return true;
}

void ControllerProcess::on_text(ConnectionId connection, const std::string& text) {
    if (ear_) ear_->on_text(connection, true, text);
    turn([&](auto& core, auto& out) { core.on_message(world_.now(), connection, text, out); });
}

void ControllerProcess::on_closed(ConnectionId connection) {
    turn([&](auto& core, auto& out) { core.on_disconnect(world_.now(), connection, out); });
}

void ControllerProcess::on_deadline() {
    turn([&](auto& core, auto& out) { core.on_deadline(world_.now(), out); });
}

void ControllerProcess::carry_out(const controller::Outputs& out) {
    for (const controller::Output& output : out) {
        std::visit([this](const auto& what) { carry_out(what); }, output);
    }
    if (!core_) return;
    if (++turns_ % options_.turns_between_looks == 0) core_->ensure_invariants();
    world_.set_deadline(waiter_, core_->next_deadline());
}

void ControllerProcess::carry_out(const controller::SendText& what) {
    if (ear_) ear_->on_text(what.connection, false, what.text);
    switchboard_.server_sends(what.connection, what.text);
}

void ControllerProcess::carry_out(const controller::CloseConnection& what) {
    switchboard_.server_closes(what.connection, what.code, what.reason);
}

void ControllerProcess::carry_out(const controller::ConnectWorker& what) {
    world_.after(kPipeDelay, [this, index = what.worker, life = life_] {
        if (life == life_ && core_) connect(index);
    });
}

void ControllerProcess::carry_out(const controller::SpawnWorker& what) {
    world_.after(kSpawnDelay, [this, index = what.worker, life = life_] {
        if (life != life_ || !core_) return;
        spawn(index);
        connect(index);
    });
}

void ControllerProcess::carry_out(const controller::KillWorker& what) {
    kill_worker(what.worker);
}

// The lender's worker is there as long as nobody kills it, whoever uses it.
void ControllerProcess::carry_out(const controller::BorrowWorker& what) {
    world_.after(kSpawnDelay, [this, index = what.worker, life = life_] {
        if (life != life_ || !core_) return;
        if (!lends_) return say_gone(index, "nobody has one to spare");
        if (!workers_[index].process) spawn(index);
        connect(index);
    });
}

void ControllerProcess::carry_out(const controller::ReturnWorker& what) {
    disconnect(what.worker);
}

void ControllerProcess::carry_out(const controller::SendToWorker& what) {
    if (ear_) ear_->on_frame(what.worker, true, what.frame);
    const engine::ControllerId pipe = workers_[what.worker].pipe;
    world_.after(kPipeDelay, [this, index = what.worker, pipe, frame = what.frame] {
        Place& place = workers_[index];
        if (!place.process || place.pipe != pipe || pipe == 0) return;
        world_.trace("to worker", pipe, index, digest_of(frame));
        if (place.process->on_frame(pipe, frame)) return;
        disconnect(index);
        say_gone(index, "the worker could not read a frame");
    });
}

void ControllerProcess::carry_out(const controller::Event& what) {
    events_.push_back(what);
}

void ControllerProcess::carry_out(const controller::Log& what) {
    if (what.level == controller::Level::Error) ++errors_logged_;
    if (log_.size() == kLogLines) log_.pop_front();
    const double seconds = static_cast<double>(world_.now().micros() % 1'000'000'000) / 1e6;
    log_.push_back(std::to_string(seconds) + " [" + what.room + " " + what.peer + "] " + what.text);
}

}  // namespace parley::sim
