#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/cluster/messages.h"
#include "common/json/json.h"

// The messages as JSON. Each is checked here, once: whoever holds a value of messages.h needs to
// check no length and no id again. An error is one line for people, and names the member.
namespace parley::cluster {

// From where a message came. What the app says must be exactly as docs/asyncapi.yaml has it;
// a service of a newer version may say more than we know, which is passed over.
enum class Origin : uint8_t { App, Service };

constexpr size_t kCommandBytes = 64 * 1024;
constexpr size_t kAnswerBytes = 16 * 1024 * 1024;
constexpr size_t kBeatBytes = 16 * 1024 * 1024;
constexpr size_t kEventBytes = 256 * 1024;
constexpr size_t kMetadataBytes = 4 * 1024;
constexpr size_t kMetadataDepth = 16;
constexpr uint32_t kPeersMost = 10'000;  // that a room may be limited to
constexpr uint32_t kPageMost = 1'000;    // rooms in one answer
constexpr size_t kNameBytes = 256;       // of a peer
constexpr size_t kReasonBytes = 100;     // fits a WebSocket's close frame, RFC 6455 §5.5
constexpr size_t kAddressBytes = 512;    // of a server
constexpr size_t kLinkKeyBytes = 256;
constexpr size_t kReportsMost = 200'000;      // rooms in a beat
constexpr size_t kWorkersMost = 1'024;        // of a server, whose loads are told
constexpr size_t kLendersMost = 256;          // to one room
constexpr uint64_t kNumberMost = 1ull << 53;  // what every JSON reader keeps exactly

// "room.create", ...: the member `type`.
std::string_view type_of(const Command& command);

// `defaults` stand for the options that a room.create leaves out. Commands between services are
// refused when the app says them.
base::Result<Command, std::string> parse_command(std::string_view body, Origin origin = Origin::App,
                                                 const RoomOptions& defaults = {});
std::string write(const Command& command);

base::Result<Answer, std::string> parse_answer(std::string_view body);
std::string write(const Answer& answer);

// What is to be known of an answer that is passed on as it is: nothing, or that it refuses.
base::Result<std::optional<Refusal>, std::string> parse_outcome(std::string_view body);

// The answer to a room.open: the room, or why there is none.
struct RoomAnswer {
    std::optional<Refusal> refusal;
    RoomPlace room;
};
base::Result<RoomAnswer, std::string> parse_room_answer(std::string_view body);

base::Result<Beat, std::string> parse_beat(std::string_view body);
std::string write(const Beat& beat);

base::Result<Event, std::string> parse_event(std::string_view body);
std::string write(const Event& event);

// The options of a room as people write them, over HTTP as over RabbitMQ: an object with nothing
// but maxPeers, emptyTimeout (seconds), metadata, region and antiAffinity. `options` that are not
// there at all are the defaults.
base::Result<RoomOptions, std::string> read_room_options(Json options,
                                                         const RoomOptions& defaults = {});
void write_room_options(JsonWriter& json, const RoomOptions& options);  // all of them, an object

// The data of answers.
void write(JsonWriter& json, const RoomPlace& room);
void write(JsonWriter& json, const ServerPlace& server);
void write(JsonWriter& json, const PeerPlace& peer);
base::Result<RoomPlace, std::string> read_room_place(Json data);
// {"peers": [PeerPlace, ...]}, as peer.find is answered; more than kPageMost are refused.
std::string write_peer_places(const std::vector<PeerPlace>& peers);
base::Result<std::vector<PeerPlace>, std::string> read_peer_places(Json data);

const char* state_text(ServerState state);  // "up", "draining", "drained"
std::optional<ServerState> parse_state(std::string_view text);

}  // namespace parley::cluster
