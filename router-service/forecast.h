#pragma once

#include <string_view>
#include <vector>

#include "router-service/placement.h"

namespace parley::router_service {

// What choose_home() would do for the next ordinary room, said before it does it.
struct Forecast {
    struct Prospect {
        ServerIndex server;
        float load;    // of its capacity, as predicted with this room
        float chance;  // of being chosen, 0 to 1
    };
    uint32_t eligible = 0;    // servers that are drawn from
    bool elsewhere = false;   // none of the region has capacity: they are of other regions
    bool overloaded = false;  // only overloaded servers are left
    bool over_bound = false;  // none is left under the bound of the pack
    std::vector<Prospect> likely = {};  // the likeliest first; empty: nobody has capacity
};

// For a room that wants this region, "" for any; at most so many prospects. Servers of equal load
// are told apart by their places, where choose_home() draws: their chances are those of neighbours.
Forecast forecast(const Servers& servers, const PlacementRules& rules, std::string_view region,
                  size_t most);

// The servers that are drained first if fewer are wanted: up and not about to leave, with the
// fewest people.
std::vector<ServerIndex> emptiest(const Servers& servers, size_t most);

}  // namespace parley::router_service
