#pragma once

#include <string>

#include "common/json/json.h"
#include "tests/sim/media_leg.h"
#include "tests/sim/voice_receiver.h"
#include "tests/sim/voice_sender.h"

// The JSON of a browser's transports and streams, as mediasoup-client reads and writes it.
namespace parley::sim {

std::string text_of(Json value);  // "" when it is none

// What createWebRtcTransport answered; the candidates of one address family alone.
RemoteTransport parse_remote(Json data, bool v6);

// What newConsumer announces.
Announced parse_consumer(Json data);

// rtpCapabilities, for join.
std::string receive_capabilities();

// rtpParameters, for produce.
std::string send_parameters(const VoiceSender& sender);

}  // namespace parley::sim
