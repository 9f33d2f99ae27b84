#include "tests/fuzz/heap.h"

#include <malloc.h>

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define PARLEY_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PARLEY_ASAN 1
#endif
#endif

#ifdef PARLEY_ASAN
// gcc's packages have the function and not the header, <sanitizer/allocator_interface.h>.
extern "C" size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace parley::fuzz {

uint64_t live_heap_bytes() {
#ifdef PARLEY_ASAN
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks + mallinfo2().hblkhd;
#endif
}

}  // namespace parley::fuzz
