#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controller/core.h"

// The messages of flatbuffers/control.fbs as plain values; codec.h carries them across the wire.
namespace parley::controller::control {

constexpr uint16_t kMajor = 1, kMinor = 2;
constexpr uint32_t kPageMost = 1'000;

struct Hello {
    uint16_t major = kMajor, minor = kMinor;
    std::string name;
};
struct ListRooms {
    std::string after;
    uint32_t limit = 0;
};
struct GetRoom {
    std::string room;
};
struct ListPeers {
    std::string room, after;
    uint32_t limit = 0;
};
struct ListWorkers {};
struct CloseRoom {
    std::string room;
};
struct KickPeer {
    std::string room, peer, reason;
};
struct MutePeer {
    std::string room, peer;
    bool muted = true;
};
struct StartDrain {
    std::optional<base::Duration> deadline = {};
    bool for_good = false;
    std::string server = {};  // "": this one
};
struct StopDrain {
    std::string server = {};
};
struct GetDrain {
    std::string server = {};
};
struct ExplainRoom {
    std::string room;
};
struct DumpRoom {
    std::string room;
    std::string peer = {};  // only of this one; "": of all
};
using RequestBody =
    std::variant<Hello, ListRooms, GetRoom, ListPeers, ListWorkers, CloseRoom, KickPeer, MutePeer,
                 StartDrain, StopDrain, GetDrain, ExplainRoom, DumpRoom>;
struct Request {
    uint32_t id = 0;
    RequestBody body;
};

struct Done {};
struct HelloReply {
    uint16_t major = kMajor, minor = kMinor;
};
// A room without its peers: they are asked for by themselves, because they may be many.
struct RoomLine {
    RoomInfo room;  // `peers` is empty
    uint32_t peers = 0;
};
struct Rooms {
    std::vector<RoomLine> rooms;
    bool more = false;  // ask again, after the last of these
};
struct Peers {
    std::vector<PeerInfo> peers;
    bool more = false;
};
struct Workers {
    std::vector<WorkerInfo> workers;
};
// How far the server is with its drain.
struct DrainState {
    cluster::ServerState state = cluster::ServerState::Up;
    uint32_t rooms = 0, peers = 0;
    std::optional<base::Duration> left = {};  // to the deadline
};
struct Report {
    std::string json;  // an object
};
using ReplyBody =
    std::variant<Done, HelloReply, Rooms, RoomLine, Peers, Workers, Error, DrainState, Report>;
struct Reply {
    uint32_t id = 0;
    ReplyBody body;
};

}  // namespace parley::controller::control
