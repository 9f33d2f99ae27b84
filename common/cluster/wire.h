#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/cluster/codec.h"

// What the parts of the codec share. No others include it.
namespace parley::cluster::wire {

// Rooms and peers, required or "" when left out.
std::string id(JsonFields& fields, std::string_view name);
std::string id_or_nothing(JsonFields& fields, std::string_view name);

// Text without control characters, "" when left out.
std::string line(JsonFields& fields, std::string_view name, size_t most_bytes);

Instant instant(JsonFields& fields, std::string_view name);
Epoch epoch(JsonFields& fields);

// Between services a duration is in milliseconds, and what is nothing special is left out.
RoomOptions options(JsonFields& fields);
void write_options(JsonWriter& json, const RoomOptions& options);

}  // namespace parley::cluster::wire
