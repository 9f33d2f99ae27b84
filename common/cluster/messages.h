#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/time.h"
#include "common/cluster/room_options.h"

// What Parley's services and the app say to each other through the broker, as values. codec.h reads
// and writes them as JSON; docs/asyncapi.yaml has each as a schema.
namespace parley::cluster {

using base::Duration;
using base::Instant;

// Whose a room is. Only grows: a home with a lower epoch is not the home any more.
using Epoch = uint64_t;

// --- commands of the app: to kRoomsKey, or over HTTP. Each is safe to repeat.

struct RoomCreate {
    std::string room;  // "": one is made up
    RoomOptions options;
};
struct RoomClose {
    std::string room;
};
struct RoomGet {
    std::string room;
};
struct RoomList {
    std::string after;  // ids greater than this
    uint32_t limit = 100;
};
struct RoomWhy {  // where the room is and why
    std::string room;
};
struct PeerAdd {  // answers with a token
    std::string room;
    std::string peer;  // "": one is made up
    std::string name;
    bool publish = true;
    bool subscribe = true;
    bool data = true;
    Duration ttl = 1h;
};
struct PeerKick {
    std::string room;
    std::string peer;
    std::string reason;
};
struct PeerMute {
    std::string room;
    std::string peer;
    bool muted = true;
};
// Who is in a room, or where somebody is: the peers whose id this is, or whose name contains it.
struct PeerFind {
    std::string room;  // "": all that the server has; then `peer` says whom
    std::string peer;  // "": everybody in the room
    uint32_t limit = 100;
};
struct ServerList {};
struct ServerDrain {  // no new rooms; the rooms it has are moved at the deadline, or before
    std::string server;
    std::optional<Duration> deadline;
};
struct ServerUndrain {
    std::string server;
};

// --- commands between services: to server_key()

// Be the home of this room. A server that has it with this epoch or a higher one answers with it.
struct RoomOpen {
    std::string room;
    Epoch epoch = 1;
    RoomOptions options;
};
// You are not the home any more: it is `home`, under this higher epoch. Peers are sent there.
struct RoomRelease {
    std::string room;
    Epoch epoch = 1;
    std::string home = {};        // server id; "": none yet
    std::string signalling = {};  // of the new home
    bool closed = false;          // there is none and will be none: the room was closed
};
// Say all of your rooms in the next beat: whoever asks has missed one.
struct BeatWanted {};

using Command = std::variant<RoomCreate, RoomClose, RoomGet, RoomList, RoomWhy, PeerAdd, PeerKick,
                             PeerMute, PeerFind, ServerList, ServerDrain, ServerUndrain, RoomOpen,
                             RoomRelease, BeatWanted>;

// --- answers: to the reply_to of the command, with its correlation id

struct Refusal {
    uint16_t code;  // as in HTTP
    std::string reason;
};
struct Answer {
    std::optional<Refusal> refusal;
    std::string data = "null";  // JSON; what it is, the command says
};

// Answers room.create, room.get and room.open; room.list has several.
struct RoomPlace {
    std::string room;
    std::string home;  // server id
    Epoch epoch = 1;
    std::string signalling;  // where its peers go
    uint32_t peers = 0;
    Instant created;
    RoomOptions options;
    bool operator==(const RoomPlace&) const = default;
};

// One of those that answer peer.find: who it is, and what carries its voice.
struct PeerPlace {
    std::string room;
    std::string peer;
    std::string name;
    std::string server;              // the room's home
    std::optional<uint32_t> worker;  // of that server; nothing while it has none, or a lent one
    std::string lender;              // the server whose worker it is instead, "" for none
    bool joined = false;
    bool connected = false;  // has a signalling connection now
    Instant since;
    bool operator==(const PeerPlace&) const = default;
};

// --- beats: to kLoad

enum class ServerState : uint8_t { Up, Draining, Drained };

// Loads and costs are in cores: 1.0 is one core of this server, all the time.
struct Load {
    double capacity = 0;   // of all its workers, less the head-room they keep
    double used = 0;       // measured
    double per_peer = 0;   // what one more peer costs, as learned so far
    uint32_t workers = 0;  // running
    uint32_t peers = 0;
    uint32_t most_rooms = 0;  // its own limits; 0: none
    uint32_t most_peers = 0;
    bool overloaded = false;  // new peers should go elsewhere
    // What each worker uses, in the order of their numbers; nothing for one that does not run.
    // Empty: the server is of a version that does not say.
    std::vector<std::optional<double>> each = {};
    bool operator==(const Load&) const = default;
};
struct RoomReport {
    std::string room;
    Epoch epoch = 1;
    uint32_t peers = 0;
    Instant created;
    RoomOptions options;
    std::vector<std::string> overflow = {};  // servers whose workers carry it, too
    bool operator==(const RoomReport&) const = default;
};
// A server's registration, load and rooms. A beat tells all rooms, or only what changed since the
// one before: who misses a number waits for the next that is whole.
struct Beat {
    std::string server;
    uint64_t incarnation = 0;  // of its process; only grows
    uint64_t number = 0;       // of the beat, from 1 in each incarnation
    std::string region;
    std::string version;
    std::string signalling;  // the address for clients: "wss://..."
    std::string link;        // the address for other servers: "ws://..."
    std::string link_key;    // whoever comes there shows it; of this incarnation
    ServerState state = ServerState::Up;
    Load load;
    bool whole = true;
    std::vector<RoomReport> rooms;
    std::vector<std::string> closed;  // rooms; empty in a whole beat
    // Rooms that it gave up and did not close: they want a home where they have no other. Said
    // again for a while.
    std::vector<std::string> released;
    std::optional<Duration> drain_left;  // until it gives up what it still has; of a draining one
    bool leaving = false;                // its process ends when it is drained
};

// One of those that answer server.list.
struct ServerPlace {
    std::string server;
    std::string region;
    std::string version;
    std::string signalling;
    ServerState state = ServerState::Up;
    Load load;
    uint32_t rooms = 0;
};

// --- events: to kEvents

struct Event {
    std::string type;  // "room.created", "peer.joined", "server.lost", ...
    Instant at;
    std::string server = {};  // whose it is; of the router-service: the server it is about
    std::string room = {};    // "" when it concerns none
    Epoch epoch = 0;          // of the room's home; 0 without a room
    uint64_t number = 0;      // in its room and epoch, from 1; 0 without a room
    std::string data = "{}";  // a JSON object
};

}  // namespace parley::cluster
