#pragma once

#include <string_view>

namespace parley::cluster {

// Rooms, peers, servers and regions are named by 1 to 64 characters of [A-Za-z0-9_.:-].
bool is_id(std::string_view text);

constexpr std::string_view kIdWanted = "1 to 64 characters of A-Z a-z 0-9 _ . : -";

}  // namespace parley::cluster
