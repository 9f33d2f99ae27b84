#pragma once

#include <string>

#include "common/json/json.h"
#include "controller/workers/messages.h"

// Statistics as a client reads them: an array of one object, named as mediasoup names them.
namespace parley::controller {

std::string write_transport_stats(Instant now, uint64_t transport,
                                  const workers::TransportStats& stats);

// The same as members of an object that is open.
void write_transport_members(JsonWriter& out, Instant now, uint64_t transport,
                             const workers::TransportStats& stats);
void write_stream_members(JsonWriter& out, Instant now, const workers::StreamStats& stream,
                          bool outbound);

// `outbound`: the worker sends it (a consumer); else it receives it (a producer).
std::string write_stream_stats(Instant now, const workers::StreamStats& stream, bool outbound);

}  // namespace parley::controller
