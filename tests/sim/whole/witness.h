#pragma once

#include <cstdio>
#include <string>

#include "tests/sim/world.h"

namespace parley::sim {

// Prints what happens to one room, for whoever looks into a seed that failed. Or nothing.
class Witness {
public:
    Witness(const World& world, std::string room) : world_(world), room_(std::move(room)) {}

    bool watches(std::string_view room) const { return !room_.empty() && room == room_; }

    // `who` says something about a room. With none it is about a server, and told as well.
    void on_said(std::string_view who, std::string_view room, std::string_view what) const {
        if (room_.empty() || (!room.empty() && room != room_)) return;
        const double at = static_cast<double>((world_.now() - world_.beginning()).count()) / 1e6;
        std::printf("%11.6f %-16.*s %.*s\n", at, static_cast<int>(who.size()), who.data(),
                    static_cast<int>(what.size()), what.data());
    }

private:
    const World& world_;
    std::string room_;
};

}  // namespace parley::sim
