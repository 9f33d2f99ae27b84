#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/cluster/messages.h"
#include "router-service/place_index.h"
#include "router-service/pools.h"
#include "router-service/promises.h"

namespace parley::router_service {

using base::Duration;
using base::Instant;

// Why a server is, or is not, given rooms; worst last.
enum class Standing : uint8_t { Eligible, Overloaded, Full, Unknown, Draining, Stale, Lost };
const char* standing_text(Standing standing);

// How long a silence means what. Beats come about once a second.
struct Patience {
    Duration stale = 1500ms;  // no more rooms
    Duration lost = 3s;       // its rooms get another home
    // For a server to be heard again after the broker was away: it waits between its tries to
    // connect, and may find the broker a while after we did.
    Duration back = 10s;
    Duration forgotten = 1h;  // it left the table
};

// What is known of one server, from its beats and from what was promised in its name since.
struct Server {
    std::string id;
    std::string region;
    std::string version;
    std::string signalling;
    std::string link;
    uint64_t incarnation = 0;
    uint64_t number = 0;  // of its last beat
    cluster::ServerState state = cluster::ServerState::Up;
    Instant drain_by = Instant::never();  // it gives up the rooms that it still has then
    bool leaving = false;                 // its process ends when it is drained
    cluster::Load load;
    Instant heard;
    Instant spared_until;      // it is not lost before, unless it is heard and falls silent again
    bool known = false;        // a whole beat of this incarnation was heard
    bool whole = false;        // and none missed since
    bool first_whole = false;  // its last beat was the first whole one of this incarnation
    bool older_told = false;   // that an older incarnation of it beats too
    Instant beat_wanted_until;
    uint32_t rooms = 0;  // reported
    Promises promises;
    Standing standing = Standing::Unknown;

    double seat_cost() const;       // in cores, a guess until the server has learned it
    double predicted_load() const;  // in cores: used, and what was promised
    double load_with_room() const;  // of its capacity, with one more ordinary room; 1 is full
    bool is_full() const;
};

// Cores per peer until a server has measured: of the order of one voice to ten listeners.
constexpr double kSeatCostGuess = 0.001;
// What an ordinary room will have that says nothing about it.
constexpr uint32_t kOrdinarySeats = 8;
// The seats that a room with these options will likely fill.
uint32_t expected_seats(const cluster::RoomOptions& options);

// The table of servers. It knows nothing but their beats, and who was promised what.
class Servers {
public:
    enum class Heard : uint8_t {
        Taken,      // use its rooms
        Gap,        // use its rooms; some before it were missed
        Useless,    // of its rooms nothing can be said before a whole beat
        Duplicate,  // or reordered: an earlier one than we have
        Older       // of an incarnation before the one that is known
    };
    struct Outcome {
        Heard heard;
        ServerIndex server;
        bool is_new = false;         // it was not there, or lost
        bool reborn = false;         // an incarnation that is new to us
        bool say_once = false;       // with Older: the first time for this incarnation
        bool ask_for_whole = false;  // and it was not asked a moment ago
    };

    // With `ordered` the pools can be gone through by load, as packing does.
    explicit Servers(uint64_t seed, Patience patience = {}, bool ordered = true);

    // Takes everything over but the rooms.
    Outcome on_beat(Instant now, const cluster::Beat& beat);

    // Servers that have just become lost. Those that were forgotten free their places: `forget` is
    // asked first whether nothing refers to one any more.
    template <typename MayForget>
    std::vector<ServerIndex> on_deadline(Instant now, MayForget may_forget) {
        std::vector<ServerIndex> lost;
        for (ServerIndex server = 0; server < servers_.size(); ++server) {
            if (servers_[server].id.empty()) continue;
            if (watch(now, server)) lost.push_back(server);
            const bool old = servers_[server].heard + patience_.forgotten <= now;
            if (old && may_forget(server)) forget(server);
        }
        return lost;
    }

    // We could not hear for a while: nobody's silence until now counts.
    void on_deaf(Instant now);
    // The broker is there again, for us; the others may need a while yet.
    void on_reconnected(Instant now);

    void on_placed(Instant now, ServerIndex server, uint64_t room, uint32_t seats);
    // It has a room since then, which nobody here promised.
    void on_seen(Instant since, ServerIndex server, uint64_t room, uint32_t seats);
    void on_report(ServerIndex server, uint64_t room, uint32_t peers);
    void on_gone(ServerIndex server, uint64_t room);
    // It was placed there and no beat has named it yet: a beat may have been on its way before.
    bool is_awaited(ServerIndex server, uint64_t room) const;
    void on_counted(Instant now, ServerIndex server, size_t rooms);  // after a beat's reports

    std::optional<ServerIndex> find(std::string_view id) const;
    const Server& operator[](ServerIndex server) const { return servers_[server]; }
    std::vector<ServerIndex> all() const;  // in the order of their ids
    size_t size() const { return size_; }
    std::vector<ServerIndex> draining() const;  // with a deadline, in the order of their places
    bool all_whole() const;                     // of each that is not lost, the rooms are known

    const Pool& pool() const { return everywhere_; }
    const Pool* pool(std::string_view region) const;
    std::vector<std::string_view> regions() const;  // with servers that may be given rooms

    void ensure_invariants() const;

private:
    ServerIndex place_for(std::string_view id);
    bool watch(Instant now, ServerIndex server);
    void forget(ServerIndex server);
    void judge(Instant now, ServerIndex server);
    Standing standing_of(Instant now, const Server& server) const;
    void enter(ServerIndex server, Standing standing);

    uint64_t seed_;
    Patience patience_;
    bool ordered_;
    std::vector<Server> servers_;  // one without an id is a free place
    std::vector<ServerIndex> free_;
    size_t size_ = 0;
    PlaceIndex by_id_;
    Pool everywhere_;
    std::map<std::string, Pool, std::less<>> regions_;
};

}  // namespace parley::router_service
