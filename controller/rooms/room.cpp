#include "controller/rooms/room.h"

#include <algorithm>

namespace parley::controller::rooms {

bool valid_id(std::string_view id) {
    const auto allowed = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '.' || c == ':' || c == '-';
    };
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), allowed);
}

Router* Room::router_in(WorkerIndex worker) {
    const auto found = std::find_if(routers.begin(), routers.end(),
                                    [&](const Router& router) { return router.worker == worker; });
    return found == routers.end() ? nullptr : &*found;
}

const Router* Room::router_in(WorkerIndex worker) const {
    return const_cast<Room*>(this)->router_in(worker);
}

bool Room::full(uint32_t most_peers) const {
    return (options.max_peers != 0 && peers.size() >= options.max_peers) ||
           (most_peers != 0 && peers.size() >= most_peers);
}

}  // namespace parley::controller::rooms
