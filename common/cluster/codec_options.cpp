#include "common/cluster/wire.h"

namespace parley::cluster {

namespace {

constexpr uint64_t kEmptyTimeoutMost = 7 * 24 * 3600;  // seconds

std::string metadata(JsonFields& fields, Json options, const std::string& fallback) {
    const Json value = options["metadata"];
    if (!value.present()) return fallback;
    std::string text = value.dump();
    // Only what nests can be too deep.
    const bool nests = value.is_object() || value.is_array();
    if (text.size() > kMetadataBytes ||
        (nests && !JsonDocument::parse(text, {.depth = kMetadataDepth}))) {
        fields.fail("metadata", "JSON of at most 4 KiB and 16 levels");
    }
    return text;
}

// All but the time, which people and services write differently.
RoomOptions read_common(JsonFields& fields, Json from, const RoomOptions& defaults) {
    RoomOptions options = defaults;
    options.max_peers =
        static_cast<uint32_t>(fields.number_or("maxPeers", kPeersMost, defaults.max_peers));
    options.metadata = metadata(fields, from, defaults.metadata);
    if (from["region"].present()) options.region = wire::id_or_nothing(fields, "region");
    if (from["antiAffinity"].present()) {
        options.anti_affinity = wire::id_or_nothing(fields, "antiAffinity");
    }
    return options;
}

}  // namespace

base::Result<RoomOptions, std::string> read_room_options(Json from, const RoomOptions& defaults) {
    if (!from.present() || from.is_null()) return defaults;
    JsonFields fields(from, "options");
    fields.only({"maxPeers", "emptyTimeout", "metadata", "region", "antiAffinity"});
    RoomOptions options = read_common(fields, from, defaults);
    const auto timeout = static_cast<uint64_t>(defaults.empty_timeout / 1s);
    const uint64_t seconds = fields.number_or("emptyTimeout", kEmptyTimeoutMost, timeout);
    // A default of less than a second is kept, though it can not be asked for.
    if (seconds != timeout) options.empty_timeout = std::chrono::seconds(seconds);
    if (!fields.ok()) return base::Err{fields.error()};
    return options;
}

void write_room_options(JsonWriter& json, const RoomOptions& options) {
    json.object()
        .number("maxPeers", options.max_peers)
        .number("emptyTimeout", int64_t{options.empty_timeout / 1s})
        .raw("metadata", options.metadata)
        .text("region", options.region)
        .text("antiAffinity", options.anti_affinity)
        .end_object();
}

namespace wire {

RoomOptions options(JsonFields& fields) {
    const Json from = fields.object_or_nothing("options");
    if (!from.present()) return {};
    JsonFields members(from, "options");
    RoomOptions options = read_common(members, from, {});
    const auto fallback = static_cast<uint64_t>(options.empty_timeout / 1ms);
    options.empty_timeout = std::chrono::milliseconds(
        members.number_or("emptyTimeoutMs", kEmptyTimeoutMost * 1000, fallback));
    if (!members.ok()) fields.fail("options", "room options (" + members.error() + ")");
    return options;
}

void write_options(JsonWriter& json, const RoomOptions& options) {
    json.object().number("emptyTimeoutMs", int64_t{options.empty_timeout / 1ms});
    if (options.max_peers != 0) json.number("maxPeers", options.max_peers);
    if (options.metadata != "null") json.raw("metadata", options.metadata);
    if (!options.region.empty()) json.text("region", options.region);
    if (!options.anti_affinity.empty()) json.text("antiAffinity", options.anti_affinity);
    json.end_object();
}

}  // namespace wire

}  // namespace parley::cluster
