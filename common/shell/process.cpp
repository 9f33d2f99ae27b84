#include "common/shell/process.h"

#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace parley::shell {

namespace {

// Marks every descriptor of this process but the first three as not for children. Libraries open
// some that are not marked, and a child that outlived us would hold our ports with them. A kernel
// before 5.11 does not know the call and leaves those few as they are.
void keep_descriptors() {
    syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
}

}  // namespace

std::string Exit::text() const {
    return signal != 0 ? "signal " + std::to_string(signal) : "exit " + std::to_string(code);
}

Process::Process(std::function<void(Exit)> on_exit)
    : on_exit_(std::move(on_exit)), handle_(this) {}

base::Result<std::unique_ptr<Process>, std::string> Process::start(
    Loop& loop, const Options& options, std::function<void(Exit)> on_exit) {
    std::vector<std::string> args = options.args;
    args.insert(args.begin(), options.file);
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);

    uv_stdio_container_t stdio[3]{};
    stdio[0].flags = UV_IGNORE;
    for (int i = 1; i < 3; ++i) {
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = options.output;
    }
    uv_process_options_t uv{};
    uv.file = options.file.c_str();
    uv.args = argv.data();
    uv.stdio = stdio;
    uv.stdio_count = 3;
    uv.flags = UV_PROCESS_DETACHED;
    uv.exit_cb = [](uv_process_t* handle, int64_t code, int signal) {
        auto* const self = static_cast<Process*>(handle->data);
        self->ended_ = true;
        self->on_exit_({code, signal});
    };
    keep_descriptors();
    std::unique_ptr<Process> process(new Process(std::move(on_exit)));
    const int error = uv_spawn(loop.uv(), process->handle_.get(), &uv);
    if (error != 0) {
        return base::Err{"cannot start " + options.file + ": " + uv_strerror(error)};
    }
    process->pid_ = process->handle_.get()->pid;
    return process;
}

void Process::kill(int signal) {
    if (!ended_) uv_process_kill(handle_.get(), signal);
}

}  // namespace parley::shell
