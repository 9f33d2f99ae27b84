#include "worker/rtcp/nack.h"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using namespace parley;
using rtcp::parse_rtcp;

namespace {

using Numbers = std::vector<uint16_t>;

std::vector<uint8_t> written(const Numbers& missing) {
    std::vector<uint8_t> room(rtcp::nack_bytes_max(missing.size()));
    base::ByteWriter out(room);
    rtcp::write_nack(out, 1, 0x1234, missing);
    REQUIRE(out.ok());
    room.resize(out.size());
    return room;
}

std::optional<Numbers> read(base::Bytes bytes) {
    base::ByteReader in(bytes);
    const auto packet = parse_rtcp(in);
    if (!packet) return std::nullopt;
    const auto nack = rtcp::parse_nack(*packet);
    if (!nack) return std::nullopt;
    Numbers numbers;
    nack->missing.for_each([&](uint16_t number) { numbers.push_back(number); });
    return numbers;
}

}  // namespace

TEST_CASE("a Generic NACK is written as RFC 4585 §6.2.1 draws it") {
    const auto bytes = written({100, 101, 116});
    const std::vector<uint8_t> wanted = {0x81, 205, 0,    3,    0, 0,   0,    1,  // FMT 1, PT 205
                                         0,    0,   0x12, 0x34, 0, 100, 0x80, 0x01};
    CHECK(bytes == wanted);
}

TEST_CASE("what is asked for is what is heard, across the wrap and further than one item") {
    for (const Numbers& missing :
         {Numbers{7}, Numbers{65'534, 65'535, 0, 1, 14, 15}, Numbers{0, 16, 17, 18, 33, 200}}) {
        CHECK(read(written(missing)) == missing);
    }
}

TEST_CASE("feedback that asks for nothing, for half an item, or for something else is no NACK") {
    auto bytes = written({100});
    CHECK_FALSE(read(base::Bytes(bytes).first(12)));  // its length reaches past the end
    auto empty = bytes;
    empty[3] = 2;
    CHECK_FALSE(read(base::Bytes(empty).first(12)));
    auto other_format = bytes;
    other_format[0] = 0x8f;  // transport-wide congestion control
    CHECK_FALSE(read(other_format));
    auto picture_loss = bytes;
    picture_loss[1] = 206;
    CHECK_FALSE(read(picture_loss));
}
