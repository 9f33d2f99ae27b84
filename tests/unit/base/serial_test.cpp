#include "common/base/serial.h"

#include <doctest/doctest.h>

using namespace parley::base;

TEST_CASE("sequence numbers are compared around the wrap") {
    CHECK(serial_less<uint16_t>(65535, 0));
    CHECK_FALSE(serial_less<uint16_t>(0, 65535));
    CHECK(serial_distance<uint16_t>(65530, 4) == 10);
    CHECK(serial_distance<uint32_t>(5, 4294967290u) == -11);
}

TEST_CASE("an unwrapped counter goes on past the wrap, and back before it") {
    Unwrapper<uint16_t> unwrapper;
    CHECK(unwrapper.advance(65534) == 65534);
    CHECK(unwrapper.advance(1) == 65537);
    CHECK(unwrapper.peek(65535) == 65535);
    CHECK(unwrapper.advance(65535) == 65535);
    CHECK(unwrapper.advance(2) == 65538);
}
