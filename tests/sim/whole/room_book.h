#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/cluster/messages.h"
#include "tests/sim/world.h"

namespace parley::sim {

using RoomNumber = uint32_t;
using ServerNumber = uint32_t;

std::string room_name(RoomNumber room);
RoomNumber room_number(std::string_view name);

// What is true of the rooms, as somebody sees who can look into every process at once; and the laws
// about it: an open room has a home, and not two.
class RoomBook {
public:
    enum class Fate : uint8_t {
        Asked,  // nobody was promised anything yet
        Open,   // the app was told that it is there
        Ended   // closed by the app, or by its home for being empty
    };
    struct Home {
        ServerNumber server;
        cluster::Epoch epoch;
    };
    struct Room {
        Fate fate = Fate::Asked;
        std::vector<Home> homes{};                                      // servers that have it
        cluster::Epoch latest = 0;                                      // of all it ever had
        base::Instant opened{};                                         // by its first home
        base::Instant homeless_since{};                                 // when Open and without any
        uint32_t calm_homeless = 0, calm_doubled = 0, calm_undead = 0;  // seconds
        bool may_be_forgotten = false;
    };
    struct Figures {
        size_t open = 0;
        uint64_t created = 0, ended = 0, moves = 0;
        uint64_t forgotten = 0;  // nobody could know of them any more: see on_process_gone()
        uint64_t undead = 0;     // came back after they were closed, for a while
        RoomNumber undead_latest = 0;
        base::Duration longest_homeless{}, longest_calm_homeless{}, longest_doubled{};
    };

    explicit RoomBook(World& world) : world_(world) {}

    RoomNumber ask();  // a room that the app is about to create
    void on_promised(RoomNumber room);
    void on_ended(RoomNumber room);  // as the app was told

    void on_opened(ServerNumber server, RoomNumber room, cluster::Epoch epoch);
    void on_closed(ServerNumber server, RoomNumber room, const std::string& reason);
    // The process that knew of its youngest rooms by itself, or with whoever assigned them.
    void on_service_trouble() { service_trouble_ = world_.now(); }

    // Once a second. `calm`: nothing is broken that would excuse a room's having no home, or two,
    // for longer than it takes to see to it. `is_well` says of which servers it may be asked.
    void on_second(bool calm, const std::function<bool(ServerNumber)>& is_well);
    // Nothing has been wrong for so long that nothing may be left to mend.
    void expect_order();

    const Room& operator[](RoomNumber room) const { return rooms_[room]; }
    size_t size() const { return rooms_.size(); }
    const Figures& figures() const { return figures_; }
    std::function<void(RoomNumber)> on_end = [](RoomNumber) {};

private:
    void end(RoomNumber room);
    void settle(RoomNumber room);

    World& world_;
    std::deque<Room> rooms_;
    std::set<RoomNumber> homeless_, doubled_, undead_;
    base::Instant service_trouble_;
    Figures figures_;
};

}  // namespace parley::sim
