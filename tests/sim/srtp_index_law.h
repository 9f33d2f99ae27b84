#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/base/flat_map.h"
#include "common/base/serial.h"

namespace parley::sim {

// No SRTP index is used twice with one key, as far as the wire shows: the same key, SSRC and index
// must mean the same bytes, or two voices would be laid open at once. RFC 3711 §9.1. What it takes
// for the key is the number of a leg and the direction: a leg has one handshake in its life.
class SrtpIndexLaw {
public:
    // Each looks at one protected packet on its way and says what is wrong, if something is.
    // `digest` is that of all its bytes.
    std::optional<std::string> on_rtp(uint64_t key, base::Bytes packet, uint64_t digest);
    // Of AEAD_AES_128_GCM and AEAD_AES_256_GCM, whose index comes last. RFC 7714 §9.2.
    std::optional<std::string> on_rtcp(uint64_t key, base::Bytes packet);

    size_t streams() const { return streams_.size(); }

private:
    static constexpr size_t kRemembered = 512;  // indexes of one stream, the newest

    struct Seen {
        int64_t index = -1;
        uint32_t digest = 0;
    };
    struct Stream {
        base::Unwrapper<uint16_t> unwrapper;
        int64_t highest = -1;
        std::array<Seen, kRemembered> seen{};
    };

    base::FlatMap<uint64_t, std::unique_ptr<Stream>> streams_;  // by key and SSRC
    base::FlatMap<uint64_t, uint32_t> next_rtcp_;               // by key
};

}  // namespace parley::sim
