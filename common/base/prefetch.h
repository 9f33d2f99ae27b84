#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::base {

// Asks for the memory of `bytes` bytes from `begin`, to be written soon, without waiting for it.
// Any address will do: one that is not there costs nothing but the asking.
inline void prefetch(const void* begin, size_t bytes) {
    constexpr size_t kLine = 64;
    const auto* at = static_cast<const uint8_t*>(begin);
    for (size_t i = 0; i < bytes; i += kLine) __builtin_prefetch(at + i, 1);
}

}  // namespace parley::base
