#include <array>
#include <utility>

#include "common/cluster/wire.h"

namespace parley::cluster {

namespace {

constexpr uint64_t kTtlMost = 30 * 24 * 3600;      // seconds
constexpr uint64_t kDeadlineMost = 7 * 24 * 3600;  // seconds

using wire::id;
using wire::id_or_nothing;

// One command's members on their way in.
struct Reader {
    Json body;
    Origin origin;
    const RoomOptions& defaults;
    JsonFields fields;

    // What else there may be; `type` is always.
    void only(std::initializer_list<std::string_view> names) {
        if (origin == Origin::App) fields.only(names);
    }
};

void read(Reader& in, RoomCreate& command) {
    in.only({"type", "room", "options"});
    command.room = id_or_nothing(in.fields, "room");
    const auto options = read_room_options(in.body["options"], in.defaults);
    if (options) {
        command.options = *options;
    } else {
        in.fields.fail("options", "room options (" + options.error() + ")");
    }
}

void read_room(Reader& in, std::string& room) {
    in.only({"type", "room"});
    room = id(in.fields, "room");
}
void read(Reader& in, RoomClose& command) {
    read_room(in, command.room);
}
void read(Reader& in, RoomGet& command) {
    read_room(in, command.room);
}
void read(Reader& in, RoomWhy& command) {
    read_room(in, command.room);
}

void read(Reader& in, RoomList& command) {
    in.only({"type", "after", "limit"});
    command.after = id_or_nothing(in.fields, "after");
    command.limit = static_cast<uint32_t>(in.fields.number_or("limit", kPageMost, command.limit));
    if (command.limit == 0) in.fields.fail("limit", "1 to 1000");
}

void read(Reader& in, PeerAdd& command) {
    in.only({"type", "room", "peer", "name", "publish", "subscribe", "data", "ttl"});
    command.room = id(in.fields, "room");
    command.peer = id_or_nothing(in.fields, "peer");
    command.name = wire::line(in.fields, "name", kNameBytes);
    command.publish = in.fields.flag_or("publish", true);
    command.subscribe = in.fields.flag_or("subscribe", true);
    command.data = in.fields.flag_or("data", true);
    const auto ttl = static_cast<uint64_t>(command.ttl / 1s);
    command.ttl = std::chrono::seconds(in.fields.number_or("ttl", kTtlMost, ttl));
    if (command.ttl == 0s) in.fields.fail("ttl", "1 second or more");
}

void read(Reader& in, PeerKick& command) {
    in.only({"type", "room", "peer", "reason"});
    command.room = id(in.fields, "room");
    command.peer = id(in.fields, "peer");
    command.reason = wire::line(in.fields, "reason", kReasonBytes);
}

void read(Reader& in, PeerMute& command) {
    in.only({"type", "room", "peer", "muted"});
    command.room = id(in.fields, "room");
    command.peer = id(in.fields, "peer");
    command.muted = in.fields.flag("muted");
}

void read(Reader& in, PeerFind& command) {
    in.only({"type", "room", "peer", "limit"});
    command.room = id_or_nothing(in.fields, "room");
    command.peer = wire::line(in.fields, "peer", kNameBytes);
    command.limit = static_cast<uint32_t>(in.fields.number_or("limit", kPageMost, command.limit));
    if (command.limit == 0) in.fields.fail("limit", "1 to 1000");
    if (command.room.empty() && in.origin == Origin::App) in.fields.fail("room", "a room");
    if (command.room.empty() && command.peer.empty()) in.fields.fail("peer", "whom to find");
}

void read(Reader& in, ServerList&) {
    in.only({"type"});
}

void read(Reader& in, ServerDrain& command) {
    in.only({"type", "server", "deadline"});
    command.server = id(in.fields, "server");
    const Json deadline = in.body["deadline"];
    if (!deadline.present() || deadline.is_null()) return;
    command.deadline = std::chrono::seconds(in.fields.number("deadline", kDeadlineMost));
}

void read(Reader& in, ServerUndrain& command) {
    in.only({"type", "server"});
    command.server = id(in.fields, "server");
}

void read(Reader& in, RoomOpen& command) {
    command.room = id(in.fields, "room");
    command.epoch = wire::epoch(in.fields);
    command.options = wire::options(in.fields);
}

void read(Reader& in, RoomRelease& command) {
    command.room = id(in.fields, "room");
    command.epoch = wire::epoch(in.fields);
    command.home = id_or_nothing(in.fields, "home");
    command.signalling = wire::line(in.fields, "signalling", kAddressBytes);
    command.closed = in.fields.flag_or("closed", false);
}

void read(Reader&, BeatWanted&) {}

void write_members(JsonWriter& json, const RoomCreate& command) {
    if (!command.room.empty()) json.text("room", command.room);
    write_room_options(json.key("options"), command.options);
}
void write_members(JsonWriter& json, const RoomClose& command) {
    json.text("room", command.room);
}
void write_members(JsonWriter& json, const RoomGet& command) {
    json.text("room", command.room);
}
void write_members(JsonWriter& json, const RoomWhy& command) {
    json.text("room", command.room);
}
void write_members(JsonWriter& json, const RoomList& command) {
    if (!command.after.empty()) json.text("after", command.after);
    json.number("limit", command.limit);
}
void write_members(JsonWriter& json, const PeerAdd& command) {
    json.text("room", command.room);
    if (!command.peer.empty()) json.text("peer", command.peer);
    if (!command.name.empty()) json.text("name", command.name);
    json.flag("publish", command.publish).flag("subscribe", command.subscribe);
    json.flag("data", command.data).number("ttl", int64_t{command.ttl / 1s});
}
void write_members(JsonWriter& json, const PeerKick& command) {
    json.text("room", command.room).text("peer", command.peer);
    if (!command.reason.empty()) json.text("reason", command.reason);
}
void write_members(JsonWriter& json, const PeerMute& command) {
    json.text("room", command.room).text("peer", command.peer).flag("muted", command.muted);
}
void write_members(JsonWriter& json, const PeerFind& command) {
    if (!command.room.empty()) json.text("room", command.room);
    if (!command.peer.empty()) json.text("peer", command.peer);
    json.number("limit", command.limit);
}
void write_members(JsonWriter&, const ServerList&) {}
void write_members(JsonWriter& json, const ServerDrain& command) {
    json.text("server", command.server);
    if (command.deadline) json.number("deadline", int64_t{*command.deadline / 1s});
}
void write_members(JsonWriter& json, const ServerUndrain& command) {
    json.text("server", command.server);
}
void write_members(JsonWriter& json, const RoomOpen& command) {
    json.text("room", command.room).number("epoch", command.epoch);
    wire::write_options(json.key("options"), command.options);
}
void write_members(JsonWriter& json, const RoomRelease& command) {
    json.text("room", command.room).number("epoch", command.epoch);
    if (!command.home.empty()) json.text("home", command.home);
    if (!command.signalling.empty()) json.text("signalling", command.signalling);
    if (command.closed) json.flag("closed", true);
}
void write_members(JsonWriter&, const BeatWanted&) {}

// In the order of the variant.
constexpr auto kTypes = std::to_array<std::string_view>(
    {"room.create", "room.close", "room.get", "room.list", "room.why", "peer.add", "peer.kick",
     "peer.mute", "peer.find", "server.list", "server.drain", "server.undrain", "room.open",
     "room.release", "beat.wanted"});
static_assert(kTypes.size() == std::variant_size_v<Command>);
constexpr size_t kAppCommands = 12;  // the rest is between services
static_assert(std::is_same_v<std::variant_alternative_t<kAppCommands, Command>, RoomOpen>);

template <size_t I>
Command read_as(Reader& in) {
    std::variant_alternative_t<I, Command> command;
    read(in, command);
    return command;
}

using ReadCommand = Command (*)(Reader&);
template <size_t... I>
constexpr std::array<ReadCommand, sizeof...(I)> readers(std::index_sequence<I...>) {
    return {&read_as<I>...};
}
constexpr auto kReaders = readers(std::make_index_sequence<kTypes.size()>());

}  // namespace

std::string_view type_of(const Command& command) {
    return kTypes[command.index()];
}

base::Result<Command, std::string> parse_command(std::string_view body, Origin origin,
                                                 const RoomOptions& defaults) {
    const auto document = JsonDocument::parse(body, {.bytes = kCommandBytes});
    if (!document) return base::Err{document.error()};
    JsonFields fields(document->root(), "command");
    const std::string_view type = fields.text("type", 64);
    if (!fields.ok()) return base::Err{fields.error()};
    for (size_t i = 0; i < kTypes.size(); ++i) {
        if (kTypes[i] != type) continue;
        if (origin == Origin::App && i >= kAppCommands) {
            return base::Err{std::string(type) + " is not for the app"};
        }
        Reader in{document->root(), origin, defaults, JsonFields(document->root(), type)};
        Command command = kReaders[i](in);
        if (!in.fields.ok()) return base::Err{in.fields.error()};
        return command;
    }
    return base::Err{std::string("command.type: there is no such command")};
}

std::string write(const Command& command) {
    JsonWriter json;
    json.object().text("type", type_of(command));
    std::visit([&](const auto& one) { write_members(json, one); }, command);
    return json.end_object().take();
}

}  // namespace parley::cluster
