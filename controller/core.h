#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/random.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/cluster/messages.h"
#include "common/cluster/room_options.h"
#include "controller/quality.h"
#include "controller/relays.h"
#include "controller/tally.h"

// The controller's core: it owns the rooms and decides; main.cpp carries what it says to the
// sockets. Time and bytes in, plain output values out.
namespace parley::controller {

using base::Instant;

using ConnectionId = uint64_t;  // one signalling WebSocket; chosen by the shell, never used twice
// 0 to workers - 1: of this machine, and its socket is worker-<index>.sock. From there on: one that
// another server lends.
using WorkerIndex = uint32_t;

// --- what the core says

struct SendText {
    ConnectionId connection;
    std::string text;
};
struct CloseConnection {
    ConnectionId connection;
    uint16_t code;  // docs/signalling.md
    std::string reason;
};
// Look for a worker that is already there: answer on_worker_connected or on_worker_gone.
struct ConnectWorker {
    WorkerIndex worker;
};
// Start a process and connect to it: answer on_worker_connected or on_worker_gone.
struct SpawnWorker {
    WorkerIndex worker;
};
// End the process at once, whatever it does. Answer on_worker_gone when it is gone; nothing to do,
// and nothing to answer, when it is gone already.
struct KillWorker {
    WorkerIndex worker;
};
// Which worker of which server is lent.
struct LentWorker {
    std::string lender;      // server id
    WorkerIndex theirs = 0;  // its number there
    bool operator==(const LentWorker&) const = default;
};
// Find a server that lends one: answer on_worker_lent or on_worker_gone.
struct BorrowWorker {
    WorkerIndex worker;
    std::optional<LentWorker> before;  // this one, and no other
};
// It is not ours any more, whether it still lives or not. Nothing to answer.
struct ReturnWorker {
    WorkerIndex worker;
};
struct SendToWorker {
    WorkerIndex worker;
    std::vector<uint8_t> frame;  // without the size prefix
};
// Something happened, for /v1/events and the webhooks. Numbered per room, from 1.
struct Event {
    std::string type;  // "room.created", "peer.joined", "speaker.changed", ... docs/openapi.yaml
    Instant at;
    std::string room;
    uint64_t number;   // in its room
    std::string data;  // a JSON object
};
enum class Level : uint8_t { Debug, Info, Warning, Error };
struct Log {
    Level level;
    std::string text;
    std::string room = {};  // "" when it concerns none
    std::string peer = {};
    std::optional<WorkerIndex> worker = {};
    std::string trace = {};  // trace-id of the room
};
// What was asked for by Controller::dump_room.
using DumpId = uint32_t;
struct Dumped {
    DumpId dump;
    std::string json;  // docs/operations.md; "": the room was closed meanwhile
};
using Output = std::variant<SendText, CloseConnection, ConnectWorker, SpawnWorker, KillWorker,
                            BorrowWorker, ReturnWorker, SendToWorker, Event, Log, Dumped>;
using Outputs = std::vector<Output>;

// --- what the core is asked by administrators, whichever door they come through

enum class ErrorCode : uint16_t {  // as in HTTP
    Malformed = 400,
    Unauthorized = 401,
    Forbidden = 403,
    NotFound = 404,
    Conflict = 409,
    Limit = 429,
    Internal = 500,
    Unavailable = 503,
};
struct Error {
    ErrorCode code;
    std::string reason;
};
template <typename T>
using Result = base::Result<T, Error>;

using cluster::RoomOptions;
struct ProducerInfo {
    std::string id;
    bool paused = false;
    bool muted = false;  // by an administrator
};
struct PeerInfo {
    std::string id;
    std::string display_name;
    std::string device;  // JSON as the client sent it
    bool joined = false;
    bool connected = false;  // has a signalling connection now
    Instant since;
    std::vector<ProducerInfo> producers;
};
struct RoomInfo {
    std::string id;
    RoomOptions options;
    Instant created;
    std::vector<WorkerIndex> workers;        // of ours, that carry it; none while none runs
    std::vector<std::string> overflow = {};  // servers whose workers carry it, too
    std::vector<PeerInfo> peers;
    cluster::Epoch epoch = 1;  // of this server as its home
    std::string trace = {};    // trace-id of the request that made it
};
// One of the workers that carry a room.
struct RouterInfo {
    WorkerIndex worker = 0;
    std::string lender = {};   // the server that lends it; "": it is ours
    uint32_t peers = 0;        // whose transports are there
    std::string reasons = {};  // why this one, for people
};
enum class WorkerState : uint8_t { Starting, Running, Waiting };  // Waiting: for its next start
// Of flatbuffers/pipe.fbs, as a process knows it. 0.0: it has not said yet.
struct PipeVersion {
    uint16_t major = 0;
    uint16_t minor = 0;
};
struct WorkerInfo {
    WorkerIndex index = 0;
    WorkerState state = WorkerState::Starting;
    uint32_t pid = 0;
    uint32_t restarts = 0;
    uint32_t rooms = 0;
    uint32_t transports = 0;
    uint32_t producers = 0;
    uint32_t consumers = 0;
    uint64_t packets_received = 0, bytes_received = 0, packets_sent = 0, bytes_sent = 0;
    uint64_t rtp_packets_received = 0, rtp_packets_sent = 0;
    uint64_t handshakes_completed = 0, handshakes_failed = 0;
    std::vector<std::pair<std::string, uint64_t>> drops = {};
    uint64_t cpu_ns = 0;
    uint64_t resident_bytes = 0;
    base::Duration loop_delay_max{}, loop_delay_mean{};  // in the last second
    double load = 0;  // of its core: what it uses, and what was promised to peers on their way
    WorkerQuality quality = {};
    WorkerPipes pipes = {};
    uint32_t tcp_connections = 0;
    PipeVersion speaks = {};
};

// What this machine can carry, in cores.
struct Capacity {
    double most = 0;      // of the workers that run, less the head-room they keep
    double used = 0;      // what they use, and what was promised
    double per_peer = 0;  // what a peer costs here, on average, as learned so far
};

// What a peer may do; from its token, or all of it where no keys are configured.
struct Rights {
    bool publish = true;
    bool subscribe = true;
    bool data = true;
    bool operator==(const Rights&) const = default;
};
struct Admission {
    std::string room;
    std::string peer;
    Rights rights;
    std::optional<std::string> session;  // the parameter of the same name; "" asks for a new one
    uint64_t received = 0;
    std::string remote;  // address, for the log
};

struct Options {
    std::string server = {};  // its id among others; "": it is alone
    uint32_t workers = 1;
    uint32_t loans = 0;          // workers of other servers that rooms may go on in, at most
    bool create_on_join = true;  // a room is made by its first peer
    uint32_t max_rooms = 10'000;
    uint32_t max_peers_per_room = 1'000;
    RoomOptions room = {};  // for what a room.create leaves out
    base::Duration session_grace = 15s;
    double worker_load_most = 0.85;  // of its core; a peer that needs more is refused
    Relays relays = {};              // that every client is told of
};

class Controller {
public:
    Controller(Options options, base::Random& random);
    ~Controller();

    void on_start(Instant now, Outputs& out);

    void on_connect(Instant now, ConnectionId connection, const Admission& admission, Outputs& out);
    void on_message(Instant now, ConnectionId connection, std::string_view text, Outputs& out);
    void on_disconnect(Instant now, ConnectionId connection, Outputs& out);

    void on_worker_connected(Instant now, WorkerIndex worker, Outputs& out);
    // The same for one that a server lends.
    void on_worker_lent(Instant now, WorkerIndex worker, LentWorker lent, Outputs& out);
    // `frame` without its size prefix, 8-byte aligned, borrowed. It is verified before it is read.
    void on_worker_frame(Instant now, WorkerIndex worker, std::span<const uint8_t> frame,
                         Outputs& out);
    void on_worker_gone(Instant now, WorkerIndex worker, std::string_view reason, Outputs& out);

    void on_deadline(Instant now, Outputs& out);
    Instant next_deadline() const;

    // Ids are as in docs/signalling.md. Creating a room that exists answers with that room.
    // `trace`: the trace-id of whoever asks; without one a room that is made begins its own.
    Result<RoomInfo> create_room(Instant now, std::string_view room, const RoomOptions& options,
                                 Outputs& out, std::string_view trace = {});
    // The same for the cluster: this server is the room's home in this epoch. One that is here
    // already is taken into it, unless it has a higher one: the answer says which.
    Result<RoomInfo> open_room(Instant now, std::string_view room, cluster::Epoch epoch,
                               const RoomOptions& options, Outputs& out,
                               std::string_view trace = {});
    // The room is somebody else's now: its peers are told to join anew.
    Result<base::Unit> release_room(Instant now, std::string_view room, Outputs& out);
    Result<base::Unit> close_room(Instant now, std::string_view room, Outputs& out);
    Result<base::Unit> kick_peer(Instant now, std::string_view room, std::string_view peer,
                                 std::string_view reason, Outputs& out);
    Result<base::Unit> mute_peer(Instant now, std::string_view room, std::string_view peer,
                                 bool muted, Outputs& out);
    // All that is known of a room, or of one of its peers: a Dumped follows, with this id.
    // NotFound.
    Result<base::Unit> dump_room(Instant now, DumpId dump, std::string_view room,
                                 std::string_view peer, Outputs& out);
    Result<RoomInfo> room(std::string_view room) const;
    std::vector<RouterInfo> routers(std::string_view room) const;  // the oldest first
    cluster::Epoch epoch(std::string_view room) const;             // 0: no such room
    std::vector<cluster::RoomReport> reports() const;  // of all rooms, in the order of their ids
    std::vector<RoomInfo> rooms() const;               // in the order of their ids
    // Those whom peer.find asks for, in the order of their rooms and ids, with no server.
    std::vector<cluster::PeerPlace> find_peers(const cluster::PeerFind& wanted) const;
    std::vector<WorkerInfo> workers(Instant now) const;
    static PipeVersion pipe_version();  // that this controller speaks with them
    Capacity capacity(Instant now) const;
    double load_most() const;   // of a worker's core; see Options
    Overview overview() const;  // goes through all rooms
    const Tally& tally() const;
    bool ready() const;  // at least one worker runs
    // The worker that another server may have; nothing when there is none to spare.
    std::optional<WorkerIndex> worker_to_lend(Instant now) const;
    bool runs(WorkerIndex worker) const;

    // New rooms are refused; peers still come into those that are here.
    void set_draining(bool draining);
    void on_stop(Instant now, Outputs& out);  // orderly: rooms closed, workers told to end

    void ensure_invariants() const;

    // Every worker has been heard of since the start: which rooms are here is known.
    bool settled() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace parley::controller
