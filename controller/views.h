#pragma once

#include <string>

#include "common/json/json.h"
#include "controller/core.h"

// How rooms, peers and workers look as JSON, over HTTP and in parleyctl. docs/openapi.yaml has each
// as a schema.
namespace parley::controller {

// Everything but the peers, of whom only the number, which `room` need not hold.
void write_room_summary(JsonWriter& json, const RoomInfo& room, size_t peers);
void write_room(JsonWriter& json, const RoomInfo& room);
void write_peer(JsonWriter& json, const PeerInfo& peer);
// "1.3"; "" of one that has not said.
std::string pipe_version_text(PipeVersion version);
// "trace" and "workers": what carries the room, and why.
void write_routers(JsonWriter& json, const RoomInfo& room, const std::vector<RouterInfo>& routers);
// Why a room is where it is, as far as its own server knows.
std::string explanation(const RoomInfo& room, const std::vector<RouterInfo>& routers,
                        bool in_cluster);
void write_worker(JsonWriter& json, const WorkerInfo& worker);

const char* worker_state_text(WorkerState state);

// RFC 3339, UTC, milliseconds: "2026-11-21T11:12:13.456Z".
std::string time_text(Instant at);

}  // namespace parley::controller
