#include "tests/bench/forward/allocation_count.h"

#include <sys/mman.h>

#include "tests/bench/forward/failure.h"

namespace parley::bench {

AllocationCount::AllocationCount() : fd_(memfd_create("allocations", 0)) {
    if (!fd_ || ftruncate(fd_.get(), sizeof(AllocationPage)) != 0) {
        fail_with_errno("cannot make a page to count allocations in");
    }
    void* const page = mmap(nullptr, sizeof(AllocationPage), PROT_READ, MAP_SHARED, fd_.get(), 0);
    if (page == MAP_FAILED) fail_with_errno("cannot map a page to count allocations in");
    page_ = static_cast<AllocationPage*>(page);
}

AllocationCount::~AllocationCount() {
    munmap(page_, sizeof(AllocationPage));
}

}  // namespace parley::bench
