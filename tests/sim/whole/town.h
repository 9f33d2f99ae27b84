#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/whole/room_book.h"
#include "tests/sim/whole/server_process.h"
#include "tests/sim/whole/voice_app.h"

namespace parley::sim {

struct TownPlan {
    uint32_t rooms = 1'000;  // open at the busiest hour
    uint32_t regions = 3;
    base::Duration day = 24h;  // its curve is stretched or squeezed to this
};

// People who meet in rooms: few at night, most in the evening, and once a crowd that all comes
// within seconds. Their app creates the rooms, asks about them, and closes most; people come to
// where a room is, and look for it again when they are put out.
class Town {
public:
    using Servers = std::vector<std::unique_ptr<ServerProcess>>;
    struct Figures {
        uint64_t visits = 0, put_out = 0;
        uint64_t given_up = 0;  // rooms that could not be created
        uint64_t denied = 0;    // "no such room" of one that was there
    };

    Town(World& world, TownPlan plan, VoiceApp& app, RoomBook& book, Servers& servers);

    void on_second();
    void go_home() { quiet_ = true; }  // nobody creates anything any more
    void on_peer_out(ServerNumber server, ServerProcess::ConnectionId peer, uint16_t code);
    const Figures& figures() const { return figures_; }

private:
    using Person = uint32_t;  // a place in people_
    struct Visitor {
        RoomNumber room = 0;
        uint64_t visit = 0;  // 0: a free place
        ServerNumber server = 0;
        ServerProcess::ConnectionId peer = 0;  // 0: looks for the room
        bool leaves = false;
    };
    struct Gathering {  // of a room
        base::Duration life{};
        uint32_t size = 0;
        std::vector<Person> people{};
        bool over = false;
        int tries = 0;
    };

    base::Duration draw(base::Duration most) {
        return base::Duration(
            static_cast<int64_t>(random_.below(static_cast<uint64_t>(most.count()) + 1)));
    }
    double wanted_rooms() const;
    void create_room();
    void ask_for(RoomNumber room);
    void on_created(RoomNumber room, const cluster::Answer& answer);
    void fill(RoomNumber room);
    void invite(RoomNumber room, base::Duration within);
    void look_for_room(Person person, uint64_t visit);
    void leave(Person person, uint64_t visit);
    void free(Person person);
    void look_again(Person person, base::Duration after);
    void finish(RoomNumber room);
    void disperse(RoomNumber room);
    void ask_something();
    void crowd();

    World& world_;
    TownPlan plan_;
    VoiceApp& app_;
    RoomBook& book_;
    Servers& servers_;
    base::SeededRandom random_;
    base::Instant begin_;
    Figures figures_;
    bool quiet_ = false, crowd_came_ = false;
    std::vector<cluster::RoomOptions> options_;  // of each room
    std::deque<Gathering> gatherings_;           // of each room
    std::deque<Visitor> people_;
    std::vector<Person> free_;
    std::map<std::pair<ServerNumber, ServerProcess::ConnectionId>, Person> there_;
};

}  // namespace parley::sim
