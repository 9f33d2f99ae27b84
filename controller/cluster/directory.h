#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/cluster/messages.h"
#include "controller/cluster/link_address.h"

namespace parley::controller::clustering {

using base::Instant;

// A room of another server, as that server says.
struct Elsewhere {
    std::string server;
    cluster::RoomReport report;
};

// Which rooms the other servers have, and how those servers are: from their beats and events. It
// decides nothing, and is whole again ten seconds after it began.
class Directory {
public:
    // The broker is back: who was silent because of it is not lost.
    void on_up(Instant now);
    void on_beat(Instant now, const cluster::Beat& beat);
    void on_event(const cluster::Event& event);  // room.created, room.closed, room.moved

    // A server that has not beaten for a while is lost, and its rooms are nobody's.
    void on_deadline(Instant now);

    const Elsewhere* find(std::string_view room) const;
    // The highest epoch ever heard of; 0 when none. Also of rooms that are nobody's now.
    cluster::Epoch epoch(std::string_view room) const;
    const cluster::ServerPlace* server(std::string_view server) const;
    // Where that server takes links; nothing when it is not known, or takes none.
    const LinkAddress* link(std::string_view server) const;

    const std::map<std::string, Elsewhere, std::less<>>& rooms() const { return rooms_; }
    std::vector<cluster::ServerPlace> servers() const;

private:
    struct Other {
        cluster::ServerPlace place;
        LinkAddress link;
        uint64_t incarnation = 0;
        Instant heard;
    };

    void take(const std::string& server, const cluster::RoomReport& report);
    void forget(std::string_view room, std::string_view server);
    void remember_epoch(const std::string& room, cluster::Epoch epoch);

    using Rooms = std::set<std::string, std::less<>>;

    std::map<std::string, Elsewhere, std::less<>> rooms_;
    std::map<std::string, Rooms, std::less<>> rooms_of_;  // the same, by server
    std::map<std::string, Other, std::less<>> servers_;
    std::map<std::string, cluster::Epoch, std::less<>> epochs_;  // of rooms that were lost
};

}  // namespace parley::controller::clustering
