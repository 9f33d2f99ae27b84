#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/cluster/messages.h"
#include "router-service/place_index.h"
#include "router-service/room_options_pool.h"
#include "router-service/servers.h"

namespace parley::router_service {

using RoomIndex = uint32_t;  // a place in the directory

struct Room {
    std::string id = {};
    cluster::Epoch epoch = 0;
    Instant created = {};
    ServerIndex home = 0;
    uint32_t peers = 0;
    uint32_t place = 0;    // among the rooms of its home
    uint32_t options = 0;  // in the pool
};

// A room that a server still has, or may still have, though it is not its home any more.
struct Dispute {
    std::string room;
    cluster::Epoch epoch;  // the server's claim loses against this one
};

// Servers that lend workers to a room, by room: few rooms are that large.
using Overflow = std::map<RoomIndex, std::vector<std::string>>;

// How many rooms of one anti-affinity name each server has.
using Together = std::map<ServerIndex, uint32_t>;

// Which server is the home of which room, as the servers themselves say. At most one is: of two
// that claim a room the higher epoch wins, then more peers, then the smaller server id; the other's
// claim is kept as a dispute until it has given the room up.
class Rooms {
public:
    enum class Verdict : uint8_t {
        Known,    // as before, perhaps with other peers
        New,      // nobody had it
        Moved,    // it had another home, which is in dispute now
        Disputed  // somebody else is its home: the reporter is to release it
    };
    struct Outcome {
        Verdict verdict;
        RoomIndex room;  // as it is now; with Disputed it may be gone: check `exists`
        bool exists;
        ServerIndex before;  // with Moved: its home until now
        cluster::Epoch epoch_before;
    };

    explicit Rooms(uint64_t seed);

    Outcome on_report(const Servers& servers, ServerIndex from, const cluster::RoomReport& report);

    // The server does not have the room. True when it was its home: it is nobody's now.
    bool on_closed(ServerIndex from, std::string_view room);

    // The server has just these rooms, all of which were reported. Those that it is the home of and
    // that are not among them are answered, not closed.
    std::vector<RoomIndex> on_whole(ServerIndex from, std::vector<std::string_view> reported);

    std::optional<RoomIndex> find(std::string_view id) const;
    const Room& operator[](RoomIndex room) const { return rooms_[room]; }
    const cluster::RoomOptions& options(const Room& room) const { return options_[room.options]; }
    std::span<const RoomIndex> rooms_of(ServerIndex server) const;
    std::vector<Dispute> disputes_of(ServerIndex server) const;
    size_t disputes() const { return disputed_; }
    // The epoch that fences the server off from this room, if one does.
    std::optional<cluster::Epoch> fence(ServerIndex server, std::string_view room) const;

    // nullptr when no room has this name.
    const Together* together(std::string_view anti_affinity) const;

    // At most `limit` rooms whose ids are greater, in the order of their ids; of those that begin
    // so.
    std::vector<RoomIndex> page(std::string_view after, size_t limit,
                                std::string_view beginning = {}) const;

    // The rooms that go on in other servers than their home.
    const Overflow& overflow() const { return overflow_; }

    // The server is forgotten, and with it what was held against it. REQUIRES: it has no rooms.
    void forget(ServerIndex server);

    uint64_t hash(std::string_view id) const { return hash_text(seed_, id); }
    size_t size() const { return by_id_.size(); }
    size_t bytes() const;  // of the table itself, roughly

    void ensure_invariants() const;

private:
    using Fences = std::unordered_map<std::string, cluster::Epoch>;

    bool wins(const Servers& servers, ServerIndex from, const cluster::RoomReport& report,
              const Room& room) const;
    RoomIndex insert(ServerIndex home, const cluster::RoomReport& report);
    void update(RoomIndex room, const cluster::RoomReport& report);
    void take_overflow(RoomIndex room, const cluster::RoomReport& report);
    void move(RoomIndex room, ServerIndex to, const cluster::RoomReport& report);
    void erase(RoomIndex room);
    void join_home(RoomIndex room, ServerIndex home);
    void leave_home(RoomIndex room);
    void count_together(const Room& room, int by);
    void dispute(ServerIndex server, std::string_view room, cluster::Epoch epoch);
    void settle(ServerIndex server, std::string_view room);

    uint64_t seed_;
    std::deque<Room> rooms_;  // grows without moving a million of them
    std::vector<RoomIndex> free_;
    PlaceIndex by_id_;
    RoomOptionsPool options_;
    std::vector<std::vector<RoomIndex>> homes_;  // by server
    std::vector<Fences> fences_;                 // by server
    size_t disputed_ = 0;
    std::map<std::string, Together, std::less<>> together_;
    Overflow overflow_;
};

}  // namespace parley::router_service
