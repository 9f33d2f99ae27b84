#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "common/base/flat_map.h"

namespace parley::router_service {

using ServerIndex = uint32_t;  // a place in the table of servers

// Whether a server may be given rooms: gladly, when there is no other, or not at all.
enum class Tier : uint8_t { Free, Overloaded, Closed };

// The servers of one region, or of all, that may be given a room: to be drawn from by place, and
// in the order of their load.
class Pool {
public:
    struct ByLoad {
        float load;
        ServerIndex server;
        auto operator<=>(const ByLoad&) const = default;
    };
    using Order = std::set<ByLoad>;

    // The order is kept only where it is `ordered`: it costs as much as all else about a placement.
    explicit Pool(bool ordered) : ordered_(ordered) {}

    // `load` is 0 for an idle server and 1 for a full one. Closed takes the server out.
    void set(ServerIndex server, Tier tier, float load);

    std::span<const ServerIndex> servers(Tier tier) const { return tiers_[index(tier)].servers; }
    // REQUIRES: ordered.
    const Order& by_load(Tier tier) const { return tiers_[index(tier)].order; }
    bool empty() const { return members_.empty(); }

private:
    struct Member {
        Tier tier = Tier::Closed;
        uint32_t place = 0;
        float load = 0;
    };
    struct Members {
        std::vector<ServerIndex> servers;
        Order order;
    };

    static size_t index(Tier tier) { return static_cast<size_t>(tier); }
    void leave(const Member& member, ServerIndex server);

    bool ordered_;
    base::FlatMap<ServerIndex, Member> members_;
    std::array<Members, 2> tiers_;
};

}  // namespace parley::router_service
