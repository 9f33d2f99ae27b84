#include "worker/rtp/rtx.h"

#include <doctest/doctest.h>

#include <array>

using namespace parley;

TEST_CASE("a retransmission names the number that its payload had") {
    const std::array<uint8_t, 5> payload = {0x12, 0x34, 'a', 'b', 'c'};
    const auto rtx = rtp::parse_rtx(payload);
    REQUIRE(rtx);
    CHECK(rtx->sequence_number == 0x1234);
    CHECK(base::as_text(rtx->payload) == "abc");
    CHECK(rtp::parse_rtx(base::Bytes(payload).first(2))->payload.empty());
    CHECK_FALSE(rtp::parse_rtx(base::Bytes(payload).first(1)));
    CHECK_FALSE(rtp::parse_rtx({}));
}
