#include "worker/net/demux.h"

#include <doctest/doctest.h>

#include <array>

using namespace parley::net;

TEST_CASE("the first byte says the protocol, RFC 7983") {
    const auto protocol = [](uint8_t first, uint8_t second) {
        return protocol_of(std::array<uint8_t, 2>{first, second});
    };
    CHECK(protocol(0, 1) == Protocol::Stun);
    CHECK(protocol(3, 0) == Protocol::Stun);
    CHECK(protocol(4, 0) == Protocol::Unknown);
    CHECK(protocol(20, 254) == Protocol::Dtls);
    CHECK(protocol(63, 254) == Protocol::Dtls);
    CHECK(protocol(64, 0) == Protocol::Unknown);   // a TURN channel
    CHECK(protocol(128, 111) == Protocol::Rtp);
    CHECK(protocol(191, 0xe0) == Protocol::Rtp);   // marker and payload type 96
    CHECK(protocol(128, 200) == Protocol::Rtcp);
    CHECK(protocol(129, 223) == Protocol::Rtcp);
    CHECK(protocol(192, 0) == Protocol::Unknown);
    CHECK(protocol_of(std::array<uint8_t, 1>{128}) == Protocol::Unknown);
}
