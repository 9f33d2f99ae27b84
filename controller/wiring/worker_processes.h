#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/shell/foreign_process.h"
#include "common/shell/loop.h"
#include "common/shell/pipe_connection.h"
#include "common/shell/process.h"
#include "controller/core.h"

namespace parley::controller {

// The worker processes of this machine and their sockets: does what the core says of them and
// tells it what became of it. Decides nothing.
class WorkerProcesses {
public:
    struct Options {
        std::string program;
        std::string run_directory;
        uint16_t base_port = 0;           // worker i listens on this plus i; 0: on any
        std::vector<std::string> listen;  // IP or IP=ANNOUNCED
        bool tcp = true;                  // on the same ports
        base::Duration orphan_timeout = 5min;
    };
    // Never called from inside a call of this class.
    struct Events {
        std::function<void(WorkerIndex)> on_connected;
        std::function<void(WorkerIndex, base::Bytes frame)> on_frame;
        std::function<void(WorkerIndex, std::string_view reason)> on_gone;
    };

    WorkerProcesses(shell::Loop& loop, Options options, uint32_t count, Events events);

    void connect(WorkerIndex worker);  // to one that is there already
    void spawn(WorkerIndex worker);    // and connect; one that was there is ended first
    void kill(WorkerIndex worker);
    void kill_all();
    void send(WorkerIndex worker, base::Bytes frame);

    size_t alive() const;  // processes that have not ended

    // Removes the socket files of those that could not do so themselves.
    void clear();

    static std::string socket_path(const std::string& run_directory, WorkerIndex worker);

    // How many workers there are to look for: `wanted`, or more when sockets of a run with more of
    // them still answer.
    static uint32_t count(const std::string& run_directory, uint32_t wanted);

private:
    enum class Goal : uint8_t { None, Find, Start };
    struct Worker {
        std::unique_ptr<shell::PipeConnection> pipe;
        std::unique_ptr<shell::Process> child;
        std::unique_ptr<shell::ForeignProcess> foreign;  // found, not started
        Goal goal = Goal::None;
        bool start_at_end = false;  // of the process that is there
        base::Instant give_up;      // Start: when its socket does not open
        std::string gone;           // to be told, when not empty
        std::unique_ptr<shell::Timer> timer;
    };

    void start(WorkerIndex worker);
    void on_timer(base::Instant now, WorkerIndex worker);
    bool try_connect(WorkerIndex worker);
    void on_pipe_closed(WorkerIndex worker, std::string_view reason);
    void on_ended(WorkerIndex worker, const std::string& how);
    void tell_gone(WorkerIndex worker, std::string reason);
    std::vector<std::string> arguments(WorkerIndex worker) const;

    shell::Loop& loop_;
    Options options_;
    Events events_;
    std::vector<Worker> workers_;
};

}  // namespace parley::controller
