#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/deadline_queue.h"
#include "common/base/flat_map.h"
#include "common/base/handle.h"
#include "controller/capacity/cost_model.h"
#include "controller/capacity/gauge.h"
#include "controller/core.h"
#include "controller/rooms/room.h"
#include "controller/signalling/session.h"
#include "controller/workers/pipe.h"
#include "controller/workers/worker_link.h"

namespace parley::controller {

using rooms::Consumer;
using rooms::Producer;
using rooms::Room;
using rooms::Transport;

// A peer and its conversation with the server.
struct Member : rooms::Peer {
    Member(base::Handle<Member> handle, std::string session_id)
        : self(handle), session(std::move(session_id)) {}

    base::Handle<Member> self;
    signalling::Session session;
};

// Names what a deadline is for.
struct Wait {
    enum class For : uint8_t {
        Peer,   // that is away; a handle's two halves, as for rooms
        Room,   // that is empty
        Spare,  // routers of a room that nobody is in
        Pipe,   // that carries nothing, or was refused; its two ends
        Loan,   // that no room makes use of; its worker
        Dump,   // that is not answered; its id
    };
    For what = For::Peer;
    uint32_t index = 0;
    uint32_t generation = 0;
    bool operator==(const Wait&) const = default;
};
struct WaitHash {
    uint64_t operator()(const Wait& wait) const {
        return base::mix(uint64_t{wait.index} << 35 ^ uint64_t{wait.generation} << 3 ^
                         static_cast<uint64_t>(wait.what));
    }
};

// What a worker carried before this controller was there.
struct Found {
    WorkerIndex worker;
    workers::Snapshot snapshot;
    bool lost = false;  // the worker has died since
};

// A client that came before it was known which rooms the workers already carry, or that waits for
// another server to lend a worker.
struct Held {
    ConnectionId connection;
    Admission admission;
    std::vector<std::string> messages;
};

// One that waits for what workers say.
struct Dump {
    base::Handle<Room> room;
    std::string peer = {};  // this one only; "": everybody
    size_t unanswered = 0;
    std::map<uint64_t, workers::TransportStats> transports = {};
    std::map<std::pair<uint64_t, WorkerIndex>, workers::PipeStats> pipes = {};  // at each end
};

// What was counted of all rooms; see House::ensure_invariants.
struct Census {
    size_t members = 0, connected = 0, producers = 0, routers = 0, arrived = 0;
    std::map<workers::PipeEnds, uint32_t> streams;
};

// Everything that one controller owns. Rooms and members name each other by handles; every index
// here is a second way to something that a slab owns, and is kept by whoever changes the slab.
struct House {
    House(Options given, base::Random& source) : options(std::move(given)), random(source) {
        for (WorkerIndex i = 0; i < options.workers; ++i) workers.emplace_back(i);
        for (WorkerIndex i = 0; i < options.loans; ++i) {
            workers.emplace_back(options.workers + i, options.server);
        }
        gauges.resize(workers.size());
    }

    Options options;
    base::Random& random;
    std::vector<workers::WorkerLink> workers;  // our own first, then those that others may lend
    std::vector<capacity::Gauge> gauges;       // of each worker
    capacity::CostModel costs;                 // learned from all of them: their cores are alike

    base::Slab<Room> rooms;
    base::Slab<Member> members;
    std::map<std::string, base::Handle<Room>, std::less<>> room_by_id;
    base::FlatMap<ConnectionId, base::Handle<Member>> connections;
    base::FlatMap<uint64_t, base::Handle<Member>> producers;  // whose; created ones only
    base::FlatMap<uint64_t, base::Handle<Room>> observers;    // of which room
    base::FlatMap<uint64_t, base::Handle<Member>> listeners;  // with slots, by their transport
    // Whose first connected transport it may become.
    base::FlatMap<uint64_t, base::Handle<Member>> connecting;
    base::FlatMap<uint64_t, uint64_t> crossed;  // voices in another worker: which producer it is
    std::map<workers::PipeEnds, workers::Pipe> pipes;
    base::DeadlineQueue<Wait, WaitHash> waits;
    std::vector<base::Handle<Room>> await_pipe_rules;  // when the turn ends

    std::deque<Held> held;
    std::map<DumpId, Dump> dumps;
    std::vector<Found> carried;  // until all workers have been heard of
    uint64_t last_id = 0;        // of all that workers are asked for
    uint64_t own_events = 0;     // those of no room
    bool stopping = false;
    bool draining = false;  // no new rooms
    Tally tally;
    Instant loans_refused_until;  // nobody is asked

    // The transport is no more.
    void forget_transport(uint64_t transport) {
        listeners.erase(transport);
        connecting.erase(transport);
    }

    bool is_lent(WorkerIndex worker) const { return worker >= options.workers; }
    Room* room(std::string_view id) const;
    Member* member(const Room& room, std::string_view id) const;
    // The worker that the peer's transports are in; nullptr while none is.
    workers::WorkerLink* link(const Member& member);
    // A worker, to be told of the room; nullptr when it does not carry the room.
    workers::WorkerLink* link(const Room& room, WorkerIndex worker);
    // Whether all workers have been heard of since the start.
    bool settled() const;

    void ensure_invariants() const;

private:
    void ensure_invariants(const Room& room, base::Handle<Room> handle, Census& census) const;
};

Overview overview_of(const House& house);

// Ids grow with the clock from one start to the next: far less than one object a microsecond is
// made, so that a controller after a crash does not use an id of the one before. A worker that is
// lent hears those of two controllers: the range, drawn at the start, keeps them apart.
constexpr int kIdRangeBits = 51;  // microseconds until the year 2041
constexpr uint64_t kIdsOfRange = (uint64_t{1} << kIdRangeBits) - 1;
constexpr uint64_t kIdRanges = 1 << 12;

// One call into the core: what time it is, where to say things, and all there is.
struct Turn {
    Instant now;
    Outputs& out;
    House& house;

    uint64_t new_id() { return ++house.last_id; }
};

// Names a speaker of the room, and nobody else in it for as long as anybody may remember, also
// across a crash of the controller. 31 bits, never 0.
uint32_t new_csrc(Turn& turn, const Room& room);

// --- saying things

void log(Turn& turn, Level level, std::string text);
void log(Turn& turn, Level level, std::string text, const Room& room);
void log(Turn& turn, Level level, std::string text, const Room& room, const rooms::Peer& peer);
void log(Turn& turn, Level level, std::string text, WorkerIndex worker);

// `data` is a JSON object.
void tell(Turn& turn, Room& room, std::string_view type, std::string data);
void tell(Turn& turn, std::string_view type, std::string data);  // of no room

void notify(Turn& turn, Member& member, std::string_view method, std::string_view data);
// Everybody who has joined, without `except`.
void notify_others(Turn& turn, const Room& room, const Member* except, std::string_view method,
                   std::string_view data);

// {"<name>": "<value>"}: half of all that is said.
std::string one_text(std::string_view name, std::string_view value);

}  // namespace parley::controller
