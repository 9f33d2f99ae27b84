#pragma once

#include <string>

namespace parley::controller::clustering {

// Where a server takes links, as its beats say.
struct LinkAddress {
    std::string server;
    std::string address;  // ws://...
    std::string key;      // of this incarnation of it
    bool operator==(const LinkAddress&) const = default;
};

}  // namespace parley::controller::clustering
