#include "worker/net/address.h"

#include <doctest/doctest.h>

using namespace parley::net;

TEST_CASE("an address reads and writes as people write it") {
    const auto four = parse_ip("192.0.2.7", 40000);
    REQUIRE(four);
    CHECK(*four == Address::v4(0xc0000207, 40000));
    CHECK(to_text(*four) == "192.0.2.7:40000");
    const auto six = parse_ip("2001:db8::1", 443);
    REQUIRE(six);
    CHECK_FALSE(six->is_v4());
    CHECK(to_text(*six) == "[2001:db8::1]:443");
    CHECK(parse_ip("::ffff:192.0.2.7", 40000) == four);
}

TEST_CASE("what is no IP literal is refused") {
    for (const char* text : {"", "localhost", "192.0.2", "192.0.2.256", "[::1]", "fe80::1%eth0"}) {
        CHECK_FALSE(parse_ip(text, 1).has_value());
    }
}

TEST_CASE("paths that differ in one field hash apart") {
    const Path path{*parse_ip("10.0.0.1", 5000), 0};
    Path port = path, ip = path, local = path;
    port.remote.port = 5001;
    ip.remote.ip[15] = 2;
    local.local = 1;
    const PathHash hash;
    CHECK(hash(path) == hash(Path(path)));
    CHECK(hash(path) != hash(port));
    CHECK(hash(path) != hash(ip));
    CHECK(hash(path) != hash(local));
}
