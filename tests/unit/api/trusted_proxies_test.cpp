#include "common/web/trusted_proxies.h"

#include <doctest/doctest.h>

using parley::web::TrustedProxies;

namespace {

bool trusts(const char* network, const char* ip) {
    TrustedProxies proxies;
    REQUIRE(proxies.add(network));
    return proxies.contains(ip);
}

}  // namespace

TEST_CASE("an address is trusted, and a network to its last bit") {
    CHECK(trusts("10.0.0.7", "10.0.0.7"));
    CHECK_FALSE(trusts("10.0.0.7", "10.0.0.8"));
    CHECK(trusts("10.0.0.0/8", "10.255.0.1"));
    CHECK_FALSE(trusts("10.0.0.0/8", "11.0.0.1"));
    CHECK(trusts("192.0.2.128/25", "192.0.2.129"));
    CHECK_FALSE(trusts("192.0.2.128/25", "192.0.2.127"));
    CHECK(trusts("0.0.0.0/0", "203.0.113.9"));
    CHECK(trusts("fd00::/8", "fd12::1"));
    CHECK_FALSE(trusts("fd00::/8", "fe80::1"));
    CHECK(trusts("::1", "0:0:0:0:0:0:0:1"));
}

TEST_CASE("an IPv4 address that came over IPv6 is the same, and no IPv6 one is an IPv4 one") {
    CHECK(trusts("10.0.0.0/8", "::ffff:10.1.1.1"));
    CHECK_FALSE(trusts("0.0.0.0/0", "2001:db8::1"));
    CHECK_FALSE(trusts("10.0.0.0/8", "::10.1.1.1"));
}

TEST_CASE("what is no address and no network is not taken, and trusts nobody") {
    TrustedProxies proxies;
    for (const char* wrong : {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
                              "10.0.0.0/8x", "10.0.0/8", "fd00::/129", "/8", "10.0.0.1 "}) {
        CAPTURE(wrong);
        CHECK_FALSE(proxies.add(wrong));
    }
    CHECK(proxies.empty());
    CHECK_FALSE(proxies.contains("10.0.0.1"));
    CHECK(proxies.add("10.0.0.1"));
    for (const char* strange : {"", "10.0.0.1\n", "10.0.0.1, 10.0.0.2", "unknown"}) {
        CHECK_FALSE(proxies.contains(strange));
    }
}
