#pragma once

#include <cstdint>

namespace parley::fuzz {

// Bytes that are allocated and not freed, of the whole process.
uint64_t live_heap_bytes();

}  // namespace parley::fuzz
