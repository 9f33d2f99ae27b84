#include "worker/rtcp/application.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace parley;

TEST_CASE("an APP packet says who, what kind and what, in whole words") {
    std::array<uint8_t, 64> room{};
    base::ByteWriter out(room);
    const std::vector<uint8_t> data = {1, 2, 3, 4, 5};
    rtcp::write_application(out, {7, 0x11223344, 0x50495045, data});
    REQUIRE(out.size() == 20);
    base::ByteReader in(base::Bytes(room).first(20));
    const auto packet = rtcp::parse_rtcp(in);
    REQUIRE(packet);
    const auto application = rtcp::parse_application(*packet);
    REQUIRE(application);
    CHECK(application->subtype == 7);
    CHECK(application->ssrc == 0x11223344);
    CHECK(base::as_text(base::Bytes(room).subspan(8, 4)) == "PIPE");
    const std::vector<uint8_t> padded = {1, 2, 3, 4, 5, 0, 0, 0};
    CHECK(std::equal(padded.begin(), padded.end(), application->data.begin(),
                     application->data.end()));
}

TEST_CASE("an APP packet without a name, and any other packet, is none") {
    const std::array<uint8_t, 8> nameless = {0x80, 204, 0, 1, 0, 0, 0, 1};
    const std::array<uint8_t, 8> report = {0x80, 201, 0, 1, 0, 0, 0, 1};
    for (const auto& bytes : {nameless, report}) {
        base::ByteReader in(bytes);
        const auto packet = rtcp::parse_rtcp(in);
        REQUIRE(packet);
        CHECK_FALSE(rtcp::parse_application(*packet));
    }
}
