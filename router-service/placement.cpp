#include "router-service/placement.h"

#include <algorithm>
#include <limits>

namespace parley::router_service {

namespace {

// Draws before the servers are gone through one by one.
constexpr int kDraws = 8;

struct Drawing {
    const Servers& servers;
    const PlacementRules& rules;
    const Wanted& wanted;
    base::Random& random;
    bool apart;

    bool may(ServerIndex server) const {
        if (std::ranges::find(wanted.tried, server) != wanted.tried.end()) return false;
        return !apart || !wanted.apart->contains(server);
    }
    void consider(ServerIndex server, Decision& decision) const {
        if (decision.considered == 2) return;
        if (decision.considered == 1 && decision.candidates[0].server == server) return;
        const auto load = static_cast<float>(servers[server].load_with_room());
        decision.candidates[decision.considered++] = {server, load};
    }
    void spread(std::span<const ServerIndex> from, Decision& decision) const;
    void pack(const Pool::Order& order, Decision& decision) const;
};

void Drawing::spread(std::span<const ServerIndex> from, Decision& decision) const {
    for (int draw = 0; draw < kDraws && decision.considered < 2; ++draw) {
        const ServerIndex server = from[random.below(from.size())];
        if (may(server)) consider(server, decision);
    }
    // From a random place on, so that a refused majority does not favour whoever follows it.
    const size_t start = decision.considered == 0 ? random.below(from.size()) : 0;
    for (size_t at = 0; at < from.size() && decision.considered == 0; ++at) {
        const ServerIndex server = from[(start + at) % from.size()];
        if (may(server)) consider(server, decision);
    }
    if (decision.considered == 0) return;
    const auto& [a, b] = decision.candidates;
    const bool second = decision.considered == 2 && b.load < a.load;
    decision.server = second ? b.server : a.server;
}

void Drawing::pack(const Pool::Order& order, Decision& decision) const {
    const auto bound = static_cast<float>(rules.pack_bound);
    const auto over = order.upper_bound({bound, std::numeric_limits<ServerIndex>::max()});
    for (auto at = over; at != order.begin() && decision.considered == 0;) {
        --at;
        if (may(at->server)) consider(at->server, decision);
    }
    for (auto at = over; at != order.end() && decision.considered == 0; ++at) {
        if (!may(at->server)) continue;
        consider(at->server, decision);
        decision.over_bound = true;
    }
    if (decision.considered > 0) decision.server = decision.candidates[0].server;
}

bool choose(const Pool* pool, Tier tier, Drawing drawing, Decision& decision) {
    if (pool == nullptr || pool->servers(tier).empty()) return false;
    decision.eligible = static_cast<uint32_t>(pool->servers(tier).size());
    for (const bool apart : {true, false}) {
        if (apart && drawing.wanted.apart == nullptr) continue;
        drawing.apart = apart;
        if (drawing.rules.policy == Policy::Pack) {
            drawing.pack(pool->by_load(tier), decision);
        } else {
            drawing.spread(pool->servers(tier), decision);
        }
        if (!decision.server) continue;
        decision.not_apart = !apart && drawing.wanted.apart != nullptr;
        decision.overloaded = tier == Tier::Overloaded;
        return true;
    }
    return false;
}

// "31.4 %": of what is said most, so without a format to be parsed.
std::string percent(float load) {
    const auto tenths = static_cast<uint64_t>(std::max(0.0f, load) * 1000 + 0.5f);
    return std::to_string(tenths / 10) + '.' + static_cast<char>('0' + tenths % 10) + " %";
}

}  // namespace

Decision choose_home(const Servers& servers, const PlacementRules& rules, const Wanted& wanted,
                     base::Random& random) {
    Decision decision{.policy = rules.policy};
    const Drawing drawing{servers, rules, wanted, random, false};
    const bool anywhere = wanted.region.empty();
    const Pool* region = anywhere ? nullptr : servers.pool(wanted.region);
    // Who is overloaded comes last of all, even in the right region: peers there would suffer.
    for (const Tier tier : {Tier::Free, Tier::Overloaded}) {
        if (choose(region, tier, drawing, decision)) return decision;
        if (!choose(&servers.pool(), tier, drawing, decision)) continue;
        decision.other_region = !anywhere;
        return decision;
    }
    return decision;
}

std::string reasons_text(const Decision& decision, const Servers& servers, const Wanted& wanted) {
    if (!decision.server) return "no server has capacity";
    const bool pack = decision.policy == Policy::Pack;
    std::string text = pack ? "fullest under the bound"
                            : "lighter of " + std::to_string(decision.considered) + " drawn";
    text += " from " + std::to_string(decision.eligible) + ":";
    for (uint8_t at = 0; at < decision.considered; ++at) {
        const Decision::Candidate& candidate = decision.candidates[at];
        text +=
            (at > 0 ? ", " : " ") + servers[candidate.server].id + " " + percent(candidate.load);
    }
    if (decision.other_region) {
        text += "; no server of region " + std::string(wanted.region) + " has capacity";
    }
    if (decision.overloaded) text += "; only overloaded servers are left";
    if (decision.not_apart) text += "; every server has a room of its anti-affinity";
    if (decision.over_bound) text += "; none is left under the bound";
    return text;
}

}  // namespace parley::router_service
