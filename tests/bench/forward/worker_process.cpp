#include "tests/bench/forward/worker_process.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "tests/bench/forward/failure.h"

namespace parley::bench {

WorkerProcess::Directory::Directory() {
    path = (std::filesystem::temp_directory_path() / "parley-bench-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) fail_with_errno("cannot make " + path);
}

WorkerProcess::Directory::~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
}

WorkerProcess::WorkerProcess(const WorkerFiles& files, int processor)
    : child_(processor, [&] { execute(files); }) {
    try {
        client_ = std::make_unique<support::WorkerClient>(socket());
    } catch (const support::WorkerError&) {
        require(child_.is_alive(), "the worker ended at once: " + files.worker);
        throw;
    }
}

void WorkerProcess::execute(const WorkerFiles& files) const {
    setenv("LD_PRELOAD", files.allocation_counter.c_str(), 1);
    setenv(kAllocationPageVariable, std::to_string(allocations_.fd()).c_str(), 1);
    execl(files.worker.c_str(), "parley-worker", "--socket", socket().c_str(), "--listen",
          "127.0.0.1", "--port", "0", "--id", "bench", "--orphan-timeout", "60", nullptr);
    std::perror(files.worker.c_str());
}

}  // namespace parley::bench
