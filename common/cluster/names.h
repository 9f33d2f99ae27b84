#pragma once

#include <string>
#include <string_view>

// The entities in the broker that Parley's services meet at. Whoever comes first declares them, all
// in the same way; docs/asyncapi.yaml describes them and what they carry.
namespace parley::cluster {

// Direct exchange: from the app, and between services.
constexpr std::string_view kCommands = "parley.commands";
// Topic exchange: each server's beat, about once a second, under "load.<server id>".
constexpr std::string_view kLoad = "parley.load";
// Topic exchange: what happened, under the type of the event: "room.created", "peer.joined", ...
constexpr std::string_view kEvents = "parley.events";
// Fanout exchange and quorum queue of the same name: what could not be read, with the reason.
constexpr std::string_view kDead = "parley.dead";

// Quorum queue, bound to kCommands under kRoomsKey. With a router-service it has a single active
// consumer; with the shared queue the servers themselves consume it. A broker serves one of the
// two: whoever declares it otherwise is refused and says so.
constexpr std::string_view kRooms = "parley.rooms";
constexpr std::string_view kRoomsKey = "rooms";

// Quorum queue of one server, bound to kCommands: what that server is told.
inline std::string server_queue(std::string_view server) {
    return "parley.server." + std::string(server);
}
inline std::string server_key(std::string_view server) {
    return "server." + std::string(server);
}
inline std::string load_key(std::string_view server) {
    return "load." + std::string(server);
}

// How an answer comes back without a queue of one's own.
constexpr std::string_view kReplyTo = "amq.rabbitmq.reply-to";

}  // namespace parley::cluster
