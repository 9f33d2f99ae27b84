#pragma once

#include <string>
#include <variant>
#include <vector>

#include "common/cluster/mail.h"

// What the router-service says.
namespace parley::router_service {

enum class Level : uint8_t { Debug, Info, Warning, Error };
struct Log {
    Level level;
    std::string text;
    std::string room = {};  // "" when it concerns none
    std::string server = {};
    std::string trace = {};  // trace-id of what it was done for; "": nobody asked
};
using Output = std::variant<cluster::Publish, cluster::Acknowledge, cluster::Reject, Log>;
using Outputs = std::vector<Output>;

}  // namespace parley::router_service
