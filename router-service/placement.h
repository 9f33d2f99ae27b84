#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/random.h"
#include "router-service/rooms.h"
#include "router-service/servers.h"

namespace parley::router_service {

enum class Policy : uint8_t {
    Spread,  // the lighter of two drawn at random: even, and no two replicas chase the same one
    Pack     // the fullest that stays under the bound: few servers in use, others can be drained
};

struct PlacementRules {
    Policy policy = Policy::Spread;
    double pack_bound = 0.7;  // of a server's capacity, predicted
};

// What a room wants of its home.
struct Wanted {
    std::string_view region = {};             // "" anywhere
    const Together* apart = nullptr;          // servers that it should not share, if it can
    std::span<const ServerIndex> tried = {};  // not these
};

// Where a room goes and why, as facts: text is made of them only when somebody asks.
struct Decision {
    struct Candidate {
        ServerIndex server;
        float load;  // of its capacity, as predicted with this room
    };
    std::optional<ServerIndex> server = {};  // none: nobody has capacity
    std::array<Candidate, 2> candidates = {};
    uint8_t considered = 0;  // of the candidates
    uint32_t eligible = 0;   // servers that could be drawn from
    Policy policy = Policy::Spread;
    bool other_region = false;  // none of the wanted one could take it
    bool overloaded = false;    // only overloaded servers were left
    bool not_apart = false;     // every server there was has one of its anti-affinity
    bool over_bound = false;    // none was left under the bound of the pack
};

// Chooses a home. Depends on nothing but its arguments. Two draws, or one step in an ordered index:
// a table of ten thousand servers is not gone through unless nearly all of it is refused.
Decision choose_home(const Servers& servers, const PlacementRules& rules, const Wanted& wanted,
                     base::Random& random);

// "lighter of 2 drawn from 40: a 31 %, b 44 %; no server of region eu has capacity".
std::string reasons_text(const Decision& decision, const Servers& servers, const Wanted& wanted);

}  // namespace parley::router_service
