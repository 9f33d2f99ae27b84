#include "worker/rtp/header_template.h"

#include <doctest/doctest.h>

#include <string>

#include "packets.h"

using namespace parley;
using namespace parley::rtp;

namespace {

struct Written {
    Written(const HeaderTemplate& header, const SharedFields& shared, Mapped numbers = {7, 960},
            uint16_t transport_sequence_number = 0)
        : bytes(HeaderTemplate::kBytesMax, 0xee) {
        bytes.resize(header.write(shared, numbers, transport_sequence_number, bytes));
        view = parse_rtp(bytes);
        REQUIRE(view);
        CHECK(view->header_size == bytes.size());
    }

    std::vector<uint8_t> element(uint8_t id) const {
        const auto found = find_extension(*view, id);
        if (!found) return {};
        return {found->begin(), found->end()};
    }

    std::vector<uint8_t> bytes;
    std::optional<RtpView> view;
};

}  // namespace

TEST_CASE("a consumer's header is its own, byte for byte") {
    const HeaderTemplate header(
        0xcafe0001, 100, "a1",
        {.mid = 1, .audio_level = 10, .abs_send_time = 4, .transport_sequence_number = 5});
    const Written packet(
        header, {.marker = true, .level = AudioLevel{true, -42}, .abs_send_time = 0x123456},
        {0x0102, 0x03040506}, 0x0708);
    CHECK(packet.bytes == hex("90 e4 0102 03040506 cafe0001 bede 0003"
                              "11 61 31  a0 aa  42 12 34 56  51 07 08"));
    CHECK(header.ssrc() == 0xcafe0001);
    CHECK(header.wants_transport_sequence_number());
}

TEST_CASE("nothing carries over from one packet to the next") {
    const HeaderTemplate header(1, 100, "0", {.mid = 1, .audio_level = 2});
    const auto csrcs = hex("0000000a 0000000b");
    const Written first(header, {.marker = true, .level = AudioLevel{true, -1}, .csrcs = csrcs},
                        {0xffff, 0xffffffff});
    CHECK(first.view->marker);
    CHECK(first.view->csrcs.size() == 8);
    const Written second(header, {}, {0, 0});
    CHECK_FALSE(second.view->marker);
    CHECK(second.view->csrcs.empty());
    CHECK(second.view->sequence_number == 0);
    CHECK(second.view->timestamp == 0);
    CHECK(second.element(2).empty());
}

TEST_CASE("a packet without a level says none, and the other elements stay readable") {
    for (const uint8_t mid_id : {uint8_t{1}, uint8_t{200}}) {  // the one- and the two-byte form
        const HeaderTemplate header(1, 100, "a1",
                                    {.mid = mid_id, .audio_level = 3, .abs_send_time = 4});
        const Written with(header, {.level = AudioLevel{false, -127}, .abs_send_time = 9});
        CHECK(with.element(3) == hex("7f"));
        const Written without(header, {.abs_send_time = 9});
        CHECK_FALSE(find_extension(*without.view, 3));
        CHECK(without.element(4) == hex("00 00 09"));
        CHECK(without.element(mid_id) == hex("61 31"));
        CHECK(with.bytes.size() == without.bytes.size());
    }
}

TEST_CASE("a peer that agreed to no extensions gets none") {
    const HeaderTemplate header(0xcafe0001, 100, "a1", {});
    const Written packet(header, {.level = AudioLevel{true, -42}, .abs_send_time = 5}, {1, 2}, 3);
    CHECK(packet.bytes == hex("80 64 0001 00000002 cafe0001"));
    CHECK_FALSE(header.wants_transport_sequence_number());
}

TEST_CASE("without a mid none is written") {
    const HeaderTemplate header(1, 100, "", {.mid = 1, .audio_level = 2});
    const Written packet(header, {.level = AudioLevel{true, -42}});
    CHECK(packet.element(2) == hex("aa"));
    CHECK_FALSE(find_extension(*packet.view, 1));
}

TEST_CASE("the largest header there can be fits the room that is asked for") {
    const std::string mid(16, 'm');
    const HeaderTemplate header(
        1, 127, mid,
        {.mid = 255, .audio_level = 254, .abs_send_time = 253, .transport_sequence_number = 252});
    const std::vector<uint8_t> csrcs(60, 1);
    const Written packet(header,
                         {.level = AudioLevel{true, 0}, .abs_send_time = 0xffffff, .csrcs = csrcs},
                         {1, 2}, 0xabcd);
    CHECK(packet.bytes.size() == HeaderTemplate::kBytesMax);
    CHECK(packet.element(255) == std::vector<uint8_t>(16, 'm'));
    CHECK(packet.element(254) == hex("80"));
    CHECK(packet.element(253) == hex("ff ff ff"));
    CHECK(packet.element(252) == hex("ab cd"));
}

TEST_CASE("what lies before and after the room is not touched") {
    const HeaderTemplate header(1, 100, "a1", {.mid = 1, .audio_level = 2});
    std::vector<uint8_t> bytes(HeaderTemplate::kBytesMax + 2, 0xee);
    const std::vector<uint8_t> csrcs(60, 1);
    header.write({.csrcs = csrcs}, {1, 2}, 0,
                 std::span(bytes).subspan(1, HeaderTemplate::kBytesMax));
    CHECK(bytes.front() == 0xee);
    CHECK(bytes.back() == 0xee);
}
