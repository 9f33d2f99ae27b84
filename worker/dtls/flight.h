#pragma once

#include <cstdint>
#include <vector>

namespace parley::dtls {

// Datagrams to send, in order. A handshake is not the hot path.
using Flight = std::vector<std::vector<uint8_t>>;

}  // namespace parley::dtls
