#include "router-service/pools.h"

namespace parley::router_service {

void Pool::set(ServerIndex server, Tier tier, float load) {
    Member* member = members_.find(server);
    if (member && member->tier == tier) {
        if (!ordered_ || member->load == load) return;
        Order& order = tiers_[index(tier)].order;
        // The node moves: placing a room allocates nothing here.
        auto node = order.extract({member->load, server});
        node.value().load = load;
        order.insert(std::move(node));
        member->load = load;
        return;
    }
    if (member) leave(*member, server);
    if (tier == Tier::Closed) {
        if (member) members_.erase(server);
        return;
    }
    Members& members = tiers_[index(tier)];
    members_.insert(server, {tier, static_cast<uint32_t>(members.servers.size()), load});
    members.servers.push_back(server);
    if (ordered_) members.order.insert({load, server});
}

void Pool::leave(const Member& member, ServerIndex server) {
    Members& members = tiers_[index(member.tier)];
    const ServerIndex last = members.servers.back();
    members.servers[member.place] = last;
    members.servers.pop_back();
    if (last != server) members_.find(last)->place = member.place;
    members.order.erase({member.load, server});
}

}  // namespace parley::router_service
