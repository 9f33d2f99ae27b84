#pragma once

#include <memory>
#include <string>

#include "tests/bench/forward/allocation_count.h"
#include "tests/bench/forward/child.h"
#include "tests/support/worker_client.h"

namespace parley::bench {

// What is started, and with what in front of its memory.
struct WorkerFiles {
    std::string worker;
    std::string allocation_counter;  // the shared library
};

// A real worker on one processor, with its control socket in a directory of its own. Its end is
// ours.
class WorkerProcess {
public:
    WorkerProcess(const WorkerFiles& files, int processor);

    pid_t pid() const { return child_.pid(); }
    support::WorkerClient& client() { return *client_; }
    uint64_t allocations() const { return allocations_.value(); }

private:
    struct Directory {
        Directory();
        ~Directory();
        std::string path;
    };

    std::string socket() const { return directory_.path + "/worker"; }
    void execute(const WorkerFiles& files) const;

    Directory directory_;
    AllocationCount allocations_;
    Child child_;
    std::unique_ptr<support::WorkerClient> client_;
};

}  // namespace parley::bench
