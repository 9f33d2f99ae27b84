#include "common/shell/foreign_process.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace parley::shell {

std::unique_ptr<ForeignProcess> ForeignProcess::open(Loop& loop, int pid,
                                                     std::function<void()> on_exit) {
    Fd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) return nullptr;
    return std::unique_ptr<ForeignProcess>(
        new ForeignProcess(loop, pid, std::move(fd), std::move(on_exit)));
}

// A pidfd can be read when its process has ended.
ForeignProcess::ForeignProcess(Loop& loop, int pid, Fd fd, std::function<void()> on_exit)
    : pid_(pid), fd_(std::move(fd)), on_exit_(std::move(on_exit)), watch_(loop, fd_.get(), [this] {
          const auto once = std::exchange(on_exit_, {});
          if (once) once();  // this may be gone now
      }) {}

void ForeignProcess::kill(int signal) {
    syscall(SYS_pidfd_send_signal, fd_.get(), signal, nullptr, 0);
}

}  // namespace parley::shell
