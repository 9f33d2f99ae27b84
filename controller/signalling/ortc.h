#pragma once

#include <string>
#include <string_view>

#include "common/json/json.h"
#include "controller/core.h"
#include "controller/media.h"

// RTP parameters as mediasoup-client writes and reads them, for the one codec that is carried:
// Opus. ORTC, W3C Draft Community Group Report, §9.
namespace parley::controller::signalling {

constexpr uint8_t kOpusPayloadType = 100;  // what consumers of every router are sent

// What every router can carry, as JSON.
std::string_view router_rtp_capabilities();

// What a client can receive of it. Unknown codecs and extensions are passed over.
Result<ReceiveAbility> parse_rtp_capabilities(Json capabilities);

// What a client is going to send: one stream of Opus, found by its SSRC, rid or mid.
Result<SendParameters> parse_send_parameters(std::string_view kind, Json rtp_parameters);

Result<std::vector<Fingerprint>> parse_fingerprints(Json dtls_parameters);
Result<DtlsRole> parse_dtls_role(Json dtls_parameters);

// The extensions that a consumer of this client carries, under the router's ids.
std::vector<HeaderExtensionId> consumer_extensions(const ReceiveAbility& ability);

// rtpParameters of a consumer, as mediasoup-client's consume() wants them.
std::string write_consumer_parameters(std::string_view mid, uint32_t ssrc, std::string_view cname,
                                      const std::vector<HeaderExtensionId>& extensions);

// iceParameters; and all that createWebRtcTransport answers. `ice_servers` is JSON, "" for none.
std::string write_ice_parameters(const IceParameters& ice, std::string_view ice_servers = "");
std::string write_transport(uint64_t id, const TransportParameters& parameters,
                            std::string_view ice_servers = "");

}  // namespace parley::controller::signalling
