#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "common/cluster/ids.h"

namespace parley::router_service {

using Path = std::vector<std::string>;

// "*" stands for one id.
inline bool matches(const Path& path, std::initializer_list<std::string_view> pattern) {
    if (path.size() != pattern.size()) return false;
    size_t at = 0;
    for (const std::string_view part : pattern) {
        const std::string& given = path[at++];
        if (part == "*" ? !cluster::is_id(given) : given != part) return false;
    }
    return true;
}

}  // namespace parley::router_service
