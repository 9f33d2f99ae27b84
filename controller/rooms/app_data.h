#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "controller/rooms/room.h"

// What a worker keeps for the controller with each of its objects, as JSON: enough for the next
// controller to make rooms and peers whole again when this one has crashed.
namespace parley::controller::rooms {

struct RoomRecord {
    std::string id;
    RoomOptions options;
    Instant created;
    cluster::Epoch epoch = 1;
    std::string trace = {};
    std::map<WorkerIndex, LentWorker> loans = {};  // by what this server calls them
};
std::string write_app_data(const Room& room);
std::optional<RoomRecord> parse_room(std::string_view app_data);

// With every transport of a peer goes the whole peer: any one of them brings it back.
struct PeerRecord {
    Peer peer;  // without media
    std::string session;
    Transport transport;  // without its id
};
std::string write_app_data(const Peer& peer, std::string_view session, const Transport& transport);
std::optional<PeerRecord> parse_peer(std::string_view app_data);

std::string write_app_data(const Producer& producer);
// Fills what the worker does not know by itself. False when the bytes are not ours.
bool parse_producer(std::string_view app_data, Producer& producer);

// At both its ends, but for how many hear it.
std::string write_app_data(const Crossing& crossing);
std::optional<Crossing> parse_crossing(std::string_view app_data);

// Of a pipe: the two workers, the lower first.
std::string write_app_data(const std::pair<WorkerIndex, WorkerIndex>& pipe);
std::optional<std::pair<WorkerIndex, WorkerIndex>> parse_pipe(std::string_view app_data);

}  // namespace parley::controller::rooms
