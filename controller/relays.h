#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.h"

namespace parley::controller {

// TURN servers for clients whose network lets nothing else through, and the secret that is shared
// with them. RFC 8656.
struct Relays {
    std::vector<std::string> urls = {};  // turn: and turns:, RFC 7065; none: there are no relays
    std::string secret = {};
    base::Duration ttl = 24h;  // how long what is handed out opens new allocations
};

// What a peer is told, as RTCPeerConnection takes it: an array of one RTCIceServer with
// credentials of its own. The username is "EXPIRY:PEER", with the expiry in seconds since the Unix
// epoch, the credential its HMAC-SHA1 in base64: what TURN servers know as the REST API
// (draft-uberti-behave-turn-rest-00 §2.2). "" without relays.
std::string write_ice_servers(base::Instant now, const Relays& relays, std::string_view peer);

}  // namespace parley::controller
