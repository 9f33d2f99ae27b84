#include "controller/wiring/worker_processes.h"

#include <csignal>

#include "common/shell/files.h"
#include "common/shell/unix_socket.h"

namespace parley::controller {

namespace {

constexpr base::Duration kTryAgain = 10ms;  // while a worker opens its socket
constexpr base::Duration kStartTime = 5s;   // for it to do so
constexpr base::Duration kLastWords =
    100ms;                       // between a closed socket and the news of how it ended
constexpr uint32_t kMost = 256;  // workers

std::string log_path(const std::string& run_directory, WorkerIndex worker) {
    return run_directory + "/worker-" + std::to_string(worker) + ".log";
}

}  // namespace

std::string WorkerProcesses::socket_path(const std::string& run_directory, WorkerIndex worker) {
    return run_directory + "/worker-" + std::to_string(worker) + ".sock";
}

WorkerProcesses::WorkerProcesses(shell::Loop& loop, Options options, uint32_t count, Events events)
    : loop_(loop), options_(std::move(options)), events_(std::move(events)), workers_(count) {
    for (WorkerIndex i = 0; i < count; ++i) {
        workers_[i].timer = std::make_unique<shell::Timer>(
            loop, [this, i](base::Instant now) { on_timer(now, i); });
    }
}

void WorkerProcesses::connect(WorkerIndex worker) {
    workers_[worker].goal = Goal::Find;
    workers_[worker].timer->set(loop_.now());
}

void WorkerProcesses::spawn(WorkerIndex index) {
    Worker& worker = workers_[index];
    worker.pipe = nullptr;
    worker.gone.clear();
    worker.goal = Goal::Start;
    if (!worker.child && !worker.foreign) return start(index);
    worker.start_at_end = true;  // its port and its socket are free then
    worker.give_up = loop_.now() + kStartTime;
    worker.timer->set(worker.give_up);
    kill(index);
}

void WorkerProcesses::start(WorkerIndex index) {
    Worker& worker = workers_[index];
    worker.start_at_end = false;
    worker.goal = Goal::None;
    const auto log = shell::open_to_append(log_path(options_.run_directory, index));
    if (!log) return tell_gone(index, log.error());
    auto child = shell::Process::start(
        loop_, {.file = options_.program, .args = arguments(index), .output = log->get()},
        [this, index](shell::Exit exit) { on_ended(index, exit.text()); });
    if (!child) return tell_gone(index, child.error());
    worker.child = std::move(*child);
    worker.goal = Goal::Start;
    worker.give_up = loop_.now() + kStartTime;
    worker.timer->set(loop_.now() + kTryAgain);
}

void WorkerProcesses::kill(WorkerIndex index) {
    if (workers_[index].child) workers_[index].child->kill(SIGKILL);
    if (workers_[index].foreign) workers_[index].foreign->kill(SIGKILL);
}

void WorkerProcesses::kill_all() {
    for (WorkerIndex i = 0; i < workers_.size(); ++i) kill(i);
}

void WorkerProcesses::send(WorkerIndex index, base::Bytes frame) {
    if (workers_[index].pipe) workers_[index].pipe->send(frame);
}

size_t WorkerProcesses::alive() const {
    size_t count = 0;
    for (const Worker& worker : workers_) count += worker.child || worker.foreign ? 1 : 0;
    return count;
}

void WorkerProcesses::clear() {
    for (WorkerIndex i = 0; i < workers_.size(); ++i) {
        shell::remove_file(socket_path(options_.run_directory, i));
    }
}

uint32_t WorkerProcesses::count(const std::string& run_directory, uint32_t wanted) {
    for (uint32_t i = kMost; i > wanted; --i) {
        if (shell::connect_unix(socket_path(run_directory, i - 1))) return i;
    }
    return wanted;
}

void WorkerProcesses::on_timer(base::Instant now, WorkerIndex index) {
    Worker& worker = workers_[index];
    if (!worker.gone.empty()) {
        return events_.on_gone(index, std::exchange(worker.gone, {}));
    }
    if (worker.goal == Goal::None) return;
    if (!worker.start_at_end && try_connect(index)) {
        worker.goal = Goal::None;
        return events_.on_connected(index);
    }
    if (worker.goal == Goal::Find) {
        worker.goal = Goal::None;
        return events_.on_gone(index, "nobody answers");
    }
    if (now < worker.give_up) return worker.timer->set(now + kTryAgain);
    worker.goal = Goal::None;
    worker.start_at_end = false;
    kill(index);
    events_.on_gone(index,
                    "its socket did not open; see " + log_path(options_.run_directory, index));
}

bool WorkerProcesses::try_connect(WorkerIndex index) {
    Worker& worker = workers_[index];
    auto pipe = shell::PipeConnection::connect(
        loop_, socket_path(options_.run_directory, index),
        {[this, index](base::Bytes frame) { events_.on_frame(index, frame); },
         [this, index](std::string_view reason) { on_pipe_closed(index, reason); }});
    if (!pipe) return false;
    worker.pipe = std::move(*pipe);
    if (!worker.child) {
        worker.foreign = shell::ForeignProcess::open(loop_, worker.pipe->peer_pid(), [this, index] {
            on_ended(index, "its process ended");
        });
    }
    return true;
}

// The socket of a process that dies closes a moment before its end is known; how it ended says
// more.
void WorkerProcesses::on_pipe_closed(WorkerIndex index, std::string_view reason) {
    Worker& worker = workers_[index];
    worker.pipe = nullptr;
    worker.gone = reason;
    const bool may_say_more = worker.child || worker.foreign;
    worker.timer->set(loop_.now() + (may_say_more ? kLastWords : base::Duration(0)));
}

void WorkerProcesses::on_ended(WorkerIndex index, const std::string& how) {
    Worker& worker = workers_[index];
    worker.child = nullptr;
    worker.foreign = nullptr;
    if (worker.start_at_end) return start(index);
    const bool was_starting = worker.goal == Goal::Start;
    if (!was_starting && !worker.pipe && worker.gone.empty()) return;  // told already
    worker.goal = Goal::None;
    worker.pipe = nullptr;
    tell_gone(index, was_starting ? how + "; see " + log_path(options_.run_directory, index) : how);
}

void WorkerProcesses::tell_gone(WorkerIndex index, std::string reason) {
    workers_[index].gone = std::move(reason);
    workers_[index].timer->set(loop_.now());
}

std::vector<std::string> WorkerProcesses::arguments(WorkerIndex index) const {
    const uint32_t port = options_.base_port == 0 ? 0 : options_.base_port + index;
    std::vector<std::string> args = {"--socket",
                                     socket_path(options_.run_directory, index),
                                     "--id",
                                     std::to_string(index),
                                     "--port",
                                     std::to_string(port),
                                     "--orphan-timeout",
                                     std::to_string(options_.orphan_timeout / 1s)};
    if (!options_.tcp) {  // a worker of before there was TCP does not know the flag
        args.push_back("--tcp");
        args.push_back("off");
    }
    for (const std::string& listen : options_.listen) {
        args.push_back("--listen");
        args.push_back(listen);
    }
    return args;
}

}  // namespace parley::controller
