#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cluster/messages.h"

namespace parley::controller::api {

// A room of another server.
struct Away {
    cluster::RoomPlace place;
    std::string address;  // of that very server: ws://...; "" when it is not known
};

// What a server knows of the others of its cluster when it is asked over HTTP.
class Others {
public:
    virtual ~Others() = default;

    // Whether a command reaches anybody now.
    virtual bool can_be_asked() const = 0;
    virtual std::optional<Away> find(std::string_view room) const = 0;
    // In the order of their ids, those after `after`.
    virtual std::vector<cluster::RoomPlace> rooms(std::string_view after, size_t most) const = 0;
};

// A request that somebody else has to carry out.
struct Ask {
    std::string server = {};  // "": whoever takes commands
    cluster::Command command = {};
    uint16_t success = 200;  // status of the response then
    std::string traceparent = {};
};

}  // namespace parley::controller::api
