#include "tests/sim/srtp_index_law.h"

#include <doctest/doctest.h>

#include <vector>

using namespace parley;
using namespace parley::sim;

namespace {

std::vector<uint8_t> rtp(uint16_t sequence_number, uint32_t ssrc = 77) {
    std::vector<uint8_t> packet(40);
    base::ByteWriter out(packet);
    out.u16(0x806f);
    out.u16(sequence_number);
    out.u32(0);
    out.u32(ssrc);
    return packet;
}

std::vector<uint8_t> rtcp(uint32_t index) {
    std::vector<uint8_t> packet(44);
    base::ByteWriter out(packet);
    out.zeros(40);
    out.u32(0x80000000 | index);
    return packet;
}

}  // namespace

TEST_CASE("an index that carries two different packets with one key is noticed") {
    SrtpIndexLaw law;
    CHECK_FALSE(law.on_rtp(1, rtp(10), 111));
    CHECK_FALSE(law.on_rtp(1, rtp(11), 222));
    CHECK_FALSE(law.on_rtp(1, rtp(10), 111));  // the same packet again shows nothing new
    CHECK(law.on_rtp(1, rtp(10), 333));
}

TEST_CASE("another key, another SSRC or another rollover is another index") {
    SrtpIndexLaw law;
    CHECK_FALSE(law.on_rtp(1, rtp(10), 111));
    CHECK_FALSE(law.on_rtp(2, rtp(10), 222));
    CHECK_FALSE(law.on_rtp(1, rtp(10, 78), 333));
    for (uint32_t i = 11; i <= 65'536 + 10; ++i) {
        REQUIRE_FALSE(law.on_rtp(1, rtp(static_cast<uint16_t>(i)), i));
    }
    CHECK(law.on_rtp(1, rtp(10), 111));  // of the rollover before
}

TEST_CASE("a number that goes far back is noticed, late ones are not") {
    SrtpIndexLaw law;
    CHECK_FALSE(law.on_rtp(1, rtp(2'000), 1));
    CHECK_FALSE(law.on_rtp(1, rtp(1'900), 2));
    CHECK(law.on_rtp(1, rtp(1'000), 3));
}

TEST_CASE("SRTCP counts upwards with each key") {
    SrtpIndexLaw law;
    CHECK_FALSE(law.on_rtcp(1, rtcp(0)));
    CHECK_FALSE(law.on_rtcp(1, rtcp(1)));
    CHECK_FALSE(law.on_rtcp(2, rtcp(0)));
    CHECK(law.on_rtcp(1, rtcp(1)));
}
