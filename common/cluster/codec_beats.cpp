#include <array>

#include "common/cluster/ids.h"
#include "common/cluster/timestamps.h"
#include "common/cluster/wire.h"

namespace parley::cluster {

namespace {

constexpr double kCoresMost = 100'000;
constexpr uint64_t kDrainMost = 365ull * 24 * 3600 * 1000;  // ms; as good as none
constexpr auto kStates = std::to_array<const char*>({"up", "draining", "drained"});

ServerState read_state(JsonFields& fields) {
    const auto state = parse_state(fields.text("state", 16));
    if (!state) fields.fail("state", "up, draining or drained");
    return state.value_or(ServerState::Up);
}

uint32_t count(JsonFields& fields, std::string_view name) {
    return static_cast<uint32_t>(fields.number(name, UINT32_MAX));
}

// "each": one that is null does not run.
void read_each(JsonFields& fields, std::vector<std::optional<double>>& each) {
    const Json list = fields.array_or_nothing("each", kWorkersMost);
    each.reserve(list.size());
    for (size_t i = 0; i < list.size(); ++i) {
        const auto load = list[i].real();
        if (load && *load >= 0 && *load <= kCoresMost) {
            each.emplace_back(*load);
        } else if (list[i].is_null()) {
            each.emplace_back();
        } else {
            return fields.fail("each", "loads of workers");
        }
    }
}

void write_each(JsonWriter& json, const std::vector<std::optional<double>>& each) {
    if (each.empty()) return;
    json.key("each").array();
    for (const auto& load : each) load ? json.real(*load) : json.null();
    json.end_array();
}

Load read_load(JsonFields& beat) {
    JsonFields fields(beat.object("load"), "load");
    Load load;
    load.capacity = fields.real("capacity", kCoresMost);
    load.used = fields.real("used", kCoresMost);
    load.per_peer = fields.real("perPeer", kCoresMost);
    load.workers = count(fields, "workers");
    load.peers = count(fields, "peers");
    load.most_rooms = count(fields, "mostRooms");
    load.most_peers = count(fields, "mostPeers");
    load.overloaded = fields.flag("overloaded");
    read_each(fields, load.each);
    if (!fields.ok()) beat.fail("load", "a load (" + fields.error() + ")");
    return load;
}

void write_load(JsonWriter& json, const Load& load) {
    json.object()
        .real("capacity", load.capacity)
        .real("used", load.used)
        .real("perPeer", load.per_peer)
        .number("workers", load.workers)
        .number("peers", load.peers)
        .number("mostRooms", load.most_rooms)
        .number("mostPeers", load.most_peers)
        .flag("overloaded", load.overloaded);
    write_each(json, load.each);
    json.end_object();
}

void read_ids(JsonFields& fields, std::string_view name, size_t most, std::string_view wanted,
              std::vector<std::string>& ids) {
    const Json list = fields.array_or_nothing(name, most);
    for (size_t i = 0; i < list.size(); ++i) {
        const std::string_view id = list[i].text().value_or("");
        if (!is_id(id)) return fields.fail(name, wanted);
        ids.emplace_back(id);
    }
}

void write_ids(JsonWriter& json, std::string_view name, const std::vector<std::string>& ids) {
    if (ids.empty()) return;
    json.key(name).array();
    for (const std::string& id : ids) json.text(id);
    json.end_array();
}

void read_rooms(JsonFields& beat, std::vector<RoomReport>& rooms) {
    const Json list = beat.array("rooms", kReportsMost);
    rooms.reserve(list.size());
    for (size_t i = 0; i < list.size() && beat.ok(); ++i) {
        JsonFields fields(list[i], "room");
        RoomReport& report = rooms.emplace_back();
        report.room = wire::id(fields, "room");
        report.epoch = wire::epoch(fields);
        report.peers = count(fields, "peers");
        report.created = wire::instant(fields, "created");
        report.options = wire::options(fields);
        read_ids(fields, "overflow", kLendersMost, "ids of servers", report.overflow);
        if (!fields.ok()) beat.fail("rooms", "rooms (" + fields.error() + ")");
    }
}

std::optional<Duration> read_drain_left(JsonFields& beat) {
    const uint64_t left = beat.number_or("drainLeftMs", kDrainMost, kDrainMost);
    return left == kDrainMost ? std::nullopt : std::optional<Duration>(left * 1ms);
}

void write_rooms(JsonWriter& json, const std::vector<RoomReport>& rooms) {
    json.array();
    for (const RoomReport& report : rooms) {
        json.object()
            .text("room", report.room)
            .number("epoch", report.epoch)
            .number("peers", report.peers)
            .text("created", write_timestamp(report.created));
        wire::write_options(json.key("options"), report.options);
        write_ids(json, "overflow", report.overflow);
        json.end_object();
    }
    json.end_array();
}

}  // namespace

const char* state_text(ServerState state) {
    return kStates[static_cast<size_t>(state)];
}

std::optional<ServerState> parse_state(std::string_view text) {
    for (size_t i = 0; i < kStates.size(); ++i) {
        if (text == kStates[i]) return static_cast<ServerState>(i);
    }
    return std::nullopt;
}

base::Result<Beat, std::string> parse_beat(std::string_view body) {
    const auto document = JsonDocument::parse(body, {.bytes = kBeatBytes});
    if (!document) return base::Err{document.error()};
    JsonFields fields(document->root(), "beat");
    Beat beat;
    beat.server = wire::id(fields, "server");
    beat.incarnation = fields.number("incarnation", kNumberMost);
    beat.number = fields.number("number", kNumberMost);
    if (beat.number == 0) fields.fail("number", "1 or more");
    beat.region = wire::id_or_nothing(fields, "region");
    beat.version = wire::line(fields, "version", 64);
    beat.signalling = wire::line(fields, "signalling", kAddressBytes);
    beat.link = wire::line(fields, "link", kAddressBytes);
    beat.link_key = wire::line(fields, "linkKey", kLinkKeyBytes);
    beat.state = read_state(fields);
    beat.load = read_load(fields);
    beat.whole = fields.flag("whole");
    read_rooms(fields, beat.rooms);
    read_ids(fields, "closed", kReportsMost, "ids of rooms", beat.closed);
    read_ids(fields, "released", kReportsMost, "ids of rooms", beat.released);
    beat.drain_left = read_drain_left(fields);
    beat.leaving = fields.flag_or("leaving", false);
    if (beat.whole && !beat.closed.empty()) fields.fail("closed", "nothing in a whole beat");
    if (!fields.ok()) return base::Err{fields.error()};
    return beat;
}

std::string write(const Beat& beat) {
    JsonWriter json;
    json.object()
        .text("server", beat.server)
        .number("incarnation", beat.incarnation)
        .number("number", beat.number)
        .text("region", beat.region)
        .text("version", beat.version)
        .text("signalling", beat.signalling)
        .text("link", beat.link)
        .text("linkKey", beat.link_key)
        .text("state", state_text(beat.state));
    write_load(json.key("load"), beat.load);
    json.flag("whole", beat.whole);
    write_rooms(json.key("rooms"), beat.rooms);
    write_ids(json, "closed", beat.closed);
    write_ids(json, "released", beat.released);
    if (beat.drain_left) json.number("drainLeftMs", int64_t{*beat.drain_left / 1ms});
    if (beat.leaving) json.flag("leaving", true);
    return json.end_object().take();
}

void write(JsonWriter& json, const ServerPlace& server) {
    json.object()
        .text("server", server.server)
        .text("region", server.region)
        .text("version", server.version)
        .text("signalling", server.signalling)
        .text("state", state_text(server.state))
        .number("rooms", server.rooms);
    write_load(json.key("load"), server.load);
    json.end_object();
}

}  // namespace parley::cluster
