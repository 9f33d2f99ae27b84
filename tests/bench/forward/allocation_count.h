#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "common/shell/fd.h"

namespace parley::bench {

// Where a preloaded allocation_counter.cpp counts: a shared page, whose descriptor the process
// inherits under the number in this environment variable.
constexpr const char* kAllocationPageVariable = "PARLEY_ALLOCATION_PAGE";
using AllocationPage = std::atomic<uint64_t>;

// So often has the process that inherits the page asked for memory.
class AllocationCount {
public:
    AllocationCount();
    AllocationCount(const AllocationCount&) = delete;
    ~AllocationCount();

    int fd() const { return fd_.get(); }  // to be inherited
    uint64_t value() const { return page_->load(std::memory_order_relaxed); }

private:
    shell::Fd fd_;
    AllocationPage* page_;
};

}  // namespace parley::bench
