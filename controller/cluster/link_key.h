#pragma once

#include <algorithm>
#include <string_view>

namespace parley::controller::clustering {

// In a time that does not tell how much of it is right.
inline bool is_same_key(std::string_view a, std::string_view b) {
    volatile unsigned char difference = a.size() == b.size() ? 0 : 1;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
    }
    return difference == 0;
}

}  // namespace parley::controller::clustering
