#include "common/base/bytes.h"

#include <doctest/doctest.h>

#include <array>

using namespace parley::base;

TEST_CASE("a reader takes network byte order") {
    const std::array<uint8_t, 10> bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    ByteReader in(bytes);
    CHECK(in.u8() == 0x01);
    CHECK(in.u16() == 0x0203);
    CHECK(in.u24() == 0x040506);
    CHECK(in.u32() == 0x0708090a);
    CHECK(in.ok());
    CHECK(in.empty());
}

TEST_CASE("a reader that was asked for too much stays failed and gives nothing") {
    const std::array<uint8_t, 3> bytes = {1, 2, 3};
    ByteReader in(bytes);
    CHECK(in.u32() == 0);
    CHECK_FALSE(in.ok());
    CHECK(in.u8() == 0);
    CHECK(in.take(0).empty());
    CHECK_FALSE(in.ok());
}

TEST_CASE("a writer that runs out of room writes nothing past the end") {
    std::array<uint8_t, 4> room{};
    ByteWriter out({room.data(), 3});
    out.u16(0xabcd);
    out.u16(0xffff);
    CHECK_FALSE(out.ok());
    CHECK(out.size() == 2);
    CHECK(room == std::array<uint8_t, 4>{0xab, 0xcd, 0, 0});
    out.u8(1);
    CHECK(out.size() == 2);
}

TEST_CASE("a length can be put in after what it counts") {
    std::array<uint8_t, 8> room{};
    ByteWriter out(room);
    out.u16(0);
    out.put(as_bytes("abc"));
    out.u16_at(0, 3);
    CHECK(out.ok());
    CHECK(as_text(out.written()) == std::string_view("\0\3abc", 5));
    out.u16_at(4, 1);
    CHECK_FALSE(out.ok());
}
