#include "tests/bench/forward/child.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/forward/failure.h"

namespace parley::bench {

bool run_on(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<size_t>(processor), &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

pid_t Child::begin(int processor) {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) fail_with_errno("cannot fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) give_up();
        if (processor >= 0) run_on(processor);
    }
    return pid;
}

void Child::give_up() {
    _exit(127);
}

Child::~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
}

bool Child::is_alive() const {
    siginfo_t ended{};
    const int status = waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
    return status == 0 && ended.si_pid == 0;
}

}  // namespace parley::bench
