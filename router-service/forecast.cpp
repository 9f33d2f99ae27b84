#include "router-service/forecast.h"

#include <algorithm>
#include <limits>

namespace parley::router_service {

namespace {

using Prospects = std::vector<Forecast::Prospect>;

// The lighter of two different ones drawn at random: who is lighter than k others of n is drawn
// with one of them in k of the n (n - 1) / 2 pairs.
Prospects after_draws(const Servers& servers, std::span<const ServerIndex> from, size_t most) {
    Prospects all;
    for (const ServerIndex server : from) {
        all.push_back({server, static_cast<float>(servers[server].load_with_room()), 1});
    }
    const size_t kept = std::min(most, all.size());
    std::ranges::partial_sort(all, all.begin() + static_cast<ptrdiff_t>(kept), {},
                              [](const auto& one) { return std::pair(one.load, one.server); });
    const auto count = static_cast<float>(all.size());
    for (size_t at = 0; at < kept && all.size() > 1; ++at) {
        const auto heavier = count - 1 - static_cast<float>(at);
        all[at].chance = 2 * heavier / (count * (count - 1));
    }
    all.resize(kept);
    return all;
}

// The fullest under the bound, then those after it; over the bound the lightest.
Prospects in_order(const Pool::Order& order, float bound, size_t most, bool& over_bound) {
    const auto over = order.upper_bound({bound, std::numeric_limits<ServerIndex>::max()});
    Prospects likely;
    for (auto at = over; at != order.begin() && likely.size() < most;) {
        --at;
        likely.push_back({at->server, at->load, likely.empty() ? 1.0f : 0.0f});
    }
    over_bound = likely.empty();
    for (auto at = over; at != order.end() && likely.size() < most; ++at) {
        likely.push_back({at->server, at->load, likely.empty() ? 1.0f : 0.0f});
    }
    return likely;
}

bool look(const Servers& servers, const PlacementRules& rules, const Pool* pool, Tier tier,
          size_t most, Forecast& forecast) {
    if (pool == nullptr || pool->servers(tier).empty()) return false;
    forecast.eligible = static_cast<uint32_t>(pool->servers(tier).size());
    forecast.overloaded = tier == Tier::Overloaded;
    forecast.likely = rules.policy == Policy::Pack
                          ? in_order(pool->by_load(tier), static_cast<float>(rules.pack_bound),
                                     most, forecast.over_bound)
                          : after_draws(servers, pool->servers(tier), most);
    return true;
}

}  // namespace

Forecast forecast(const Servers& servers, const PlacementRules& rules, std::string_view region,
                  size_t most) {
    Forecast forecast;
    const Pool* near = region.empty() ? nullptr : servers.pool(region);
    for (const Tier tier : {Tier::Free, Tier::Overloaded}) {
        if (look(servers, rules, near, tier, most, forecast)) return forecast;
        if (!look(servers, rules, &servers.pool(), tier, most, forecast)) continue;
        forecast.elsewhere = !region.empty();
        return forecast;
    }
    return forecast;
}

std::vector<ServerIndex> emptiest(const Servers& servers, size_t most) {
    std::vector<ServerIndex> up = servers.all();
    std::erase_if(up, [&](ServerIndex at) {
        const Server& server = servers[at];
        return server.standing == Standing::Lost || !server.known || server.leaving ||
               server.state != cluster::ServerState::Up;
    });
    const size_t kept = std::min(most, up.size());
    std::ranges::partial_sort(up, up.begin() + static_cast<ptrdiff_t>(kept), {},
                              [&](ServerIndex at) {
                                  const Server& server = servers[at];
                                  return std::tuple(server.load.peers, server.rooms, server.id);
                              });
    up.resize(kept);
    return up;
}

}  // namespace parley::router_service
