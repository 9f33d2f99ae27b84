#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "router-service/rooms.h"
#include "router-service/servers.h"

namespace parley::router_service {

// What the beats add up to: the servers, the rooms that they are the homes of, and the rooms whose
// home is gone. Both replicas hold the same one; only the active one acts on it.
class Picture {
public:
    // What somebody may have to do about a beat.
    struct News {
        ServerIndex server = 0;
        bool ask_for_whole = false;          // rooms of this server may be unknown
        bool appeared = false;               // new, or back from being lost
        bool returned = false;               // the same process, back from being lost
        bool two_claim = false;              // an older process beats under the same id: said once
        std::vector<Dispute> disputed = {};  // rooms that it is to release
    };

    explicit Picture(uint64_t seed, Patience patience = {}, bool ordered = true);

    News on_beat(Instant now, const cluster::Beat& beat);

    // What a server answered: it is the room's home. No beat that is on its way takes it back.
    Rooms::Outcome on_opened(Instant now, ServerIndex from, const cluster::RoomReport& report);
    // The room was closed by its home.
    void on_closed(ServerIndex from, std::string_view room);

    // Servers that have just become lost; their rooms are homeless now.
    std::vector<ServerIndex> on_deadline(Instant now);
    void on_deaf(Instant now) { servers_.on_deaf(now); }
    void on_reconnected(Instant now) { servers_.on_reconnected(now); }

    void on_placed(Instant now, ServerIndex server, std::string_view room, uint32_t seats);
    void on_not_placed(ServerIndex server, std::string_view room);

    // Rooms in want of a home, those with most peers first. next_homeless() takes one out of the
    // row, "" when it is empty; it stays homeless until somebody reports it.
    std::string next_homeless();
    void queue_again(std::string room) { row_.push_back(std::move(room)); }
    bool is_homeless(std::string_view room) const;
    size_t homeless() const { return homeless_.size(); }
    // A replica that becomes active begins with all of them.
    void queue_all_homeless();

    const Servers& servers() const { return servers_; }
    const Rooms& rooms() const { return rooms_; }
    const Server& home_of(const Room& room) const { return servers_[room.home]; }

    void ensure_invariants() const;

private:
    Rooms::Outcome on_report(Instant now, ServerIndex from, const cluster::RoomReport& report);
    Rooms::Outcome take(ServerIndex from, const cluster::RoomReport& report);
    bool is_news(ServerIndex from, std::string_view room) const;
    void take_closed(const cluster::Beat& beat, News& news);
    void reconcile(const cluster::Beat& beat, News& news);
    void take_released(const cluster::Beat& beat, const News& news);
    void lose_rooms(std::vector<RoomIndex> rooms);

    Servers servers_;
    Rooms rooms_;
    std::unordered_set<std::string> homeless_;
    std::vector<std::string> row_;  // next one last
};

}  // namespace parley::router_service
