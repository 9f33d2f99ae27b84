#pragma once

#include <string>

#include "controller/workers/messages.h"

// Statistics as a client reads them: an array of one object, named as mediasoup names them.
namespace parley::controller {

std::string write_transport_stats(Instant now, uint64_t transport,
                                  const workers::TransportStats& stats);

// `outbound`: the worker sends it (a consumer); else it receives it (a producer).
std::string write_stream_stats(Instant now, const workers::StreamStats& stream, bool outbound);

}  // namespace parley::controller
