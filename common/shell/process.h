#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/shell/loop.h"

namespace parley::shell {

// How a process ended: by exit(code), or by a signal, when that is not 0.
struct Exit {
    int64_t code = 0;
    int signal = 0;

    std::string text() const;  // "exit 1", "signal 9"
};

// A child process that may outlive its parent: it has a session of its own, so that no signal from
// a terminal and no end of ours ends it, and it holds none of our descriptors but its output.
class Process {
public:
    struct Options {
        std::string file;               // found on PATH when it has no slash
        std::vector<std::string> args;  // without the name of the program
        int output = 2;                 // standard output and error; standard input is empty
    };

    // The error says what could not be started and why. `on_exit` is called once; the Process may
    // be destroyed in it.
    static base::Result<std::unique_ptr<Process>, std::string> start(
        Loop& loop, const Options& options, std::function<void(Exit)> on_exit);

    // Forgets the child, which goes on.
    ~Process() = default;

    int pid() const { return pid_; }
    void kill(int signal);  // nothing, once it has ended

private:
    explicit Process(std::function<void(Exit)> on_exit);

    std::function<void(Exit)> on_exit_;
    int pid_ = 0;
    bool ended_ = false;
    UvHandle<uv_process_t> handle_;
};

}  // namespace parley::shell
