#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"
#include "controller/control/messages.h"

// What parleyctl prints: columns for people, or JSON for scripts.
namespace parley::controller::control {

// Columns as wide as their widest cell, in characters; numbers to the right. What a stranger
// wrote can not steer the terminal: control characters become '?'.
std::string columns(const std::vector<std::vector<std::string>>& rows);

// "3s", "12m", "5h", "9d".
std::string age_text(base::Duration age);
// "17.3k", "2.1M".
std::string amount_text(double amount);

std::string rooms_text(Instant now, const std::vector<RoomLine>& rooms);
std::string room_text(Instant now, const RoomLine& room);
std::string peers_text(Instant now, const std::vector<PeerInfo>& peers);
std::string workers_text(const std::vector<WorkerInfo>& workers);
std::string drain_text(const DrainState& state);
std::string why_text(Json why);  // the answer of room.why

// One line of JSON.
std::string rooms_json(const std::vector<RoomLine>& rooms);
std::string room_json(const RoomLine& room);
std::string peers_json(const std::vector<PeerInfo>& peers);
std::string workers_json(const std::vector<WorkerInfo>& workers);
std::string drain_json(const DrainState& state);

}  // namespace parley::controller::control
