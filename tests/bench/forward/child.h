#pragma once

#include <sys/types.h>

namespace parley::bench {

// A process that runs `body` on one processor, and nothing else, until we end: killed by the
// destructor, or by the kernel when we die first.
class Child {
public:
    // `processor` -1: on any. `body` must not return.
    template <typename Body>
    Child(int processor, Body body) : pid_(begin(processor)) {
        if (pid_ == 0) {
            body();
            give_up();
        }
    }
    Child(const Child&) = delete;
    ~Child();

    pid_t pid() const { return pid_; }
    bool is_alive() const;

private:
    static pid_t begin(int processor);  // 0 in the child
    [[noreturn]] static void give_up();

    pid_t pid_;
};

// From now on this process runs on one processor. False when it may not.
bool run_on(int processor);

}  // namespace parley::bench
