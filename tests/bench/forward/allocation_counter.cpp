// Preloaded into a worker: counts every call that asks glibc for memory, in a page that the
// benchmark reads. What it does is otherwise glibc's.
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/bench/forward/allocation_count.h"

namespace {

using parley::bench::AllocationPage;

AllocationPage before_main{0};  // until the page is there
AllocationPage* page = &before_main;

void count() {
    page->fetch_add(1, std::memory_order_relaxed);
}

[[gnu::constructor]] void find_page() {
    const char* const number = getenv(parley::bench::kAllocationPageVariable);
    if (number == nullptr) return;
    void* const mapped = mmap(nullptr, sizeof(AllocationPage), PROT_READ | PROT_WRITE, MAP_SHARED,
                              atoi(number), 0);
    if (mapped != MAP_FAILED) page = static_cast<AllocationPage*>(mapped);
}

}  // namespace

extern "C" {

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void* calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

void* realloc(void* old, size_t size) {
    count();
    return __libc_realloc(old, size);
}

void* memalign(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void** out, size_t alignment, size_t size) {
    count();
    *out = __libc_memalign(alignment, size);
    return *out == nullptr ? ENOMEM : 0;
}

}  // extern "C"
