#pragma once

#include <functional>
#include <memory>

#include "common/shell/fd.h"
#include "common/shell/loop.h"

namespace parley::shell {

// A running process that is not our child: a worker that outlived the controller that started it.
// It is held by a pidfd, so that a signal never reaches another process that was given its number.
class ForeignProcess {
public:
    // nullptr when there is no such process. `on_exit` is called once; the ForeignProcess may be
    // destroyed in it.
    static std::unique_ptr<ForeignProcess> open(Loop& loop, int pid, std::function<void()> on_exit);

    int pid() const { return pid_; }
    void kill(int signal);  // nothing, once it has ended

private:
    ForeignProcess(Loop& loop, int pid, Fd fd, std::function<void()> on_exit);

    int pid_;
    Fd fd_;
    std::function<void()> on_exit_;
    Watch watch_;
};

}  // namespace parley::shell
