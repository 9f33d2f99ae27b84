#include "common/shell/amqp_url.h"

#include <doctest/doctest.h>

using namespace parley::shell;

TEST_CASE("the address of a broker is read in all its parts") {
    const auto url = parse_amqp_url("amqps://par%40ley:s%2Fcret@broker.example:5700/voice%2F1");
    REQUIRE(url);
    CHECK(url->tls);
    CHECK(url->user == "par@ley");
    CHECK(url->password == "s/cret");
    CHECK(url->host == "broker.example");
    CHECK(url->port == 5700);
    CHECK(url->vhost == "voice/1");
}

TEST_CASE("what an address leaves out is what RabbitMQ has by default") {
    const auto plain = parse_amqp_url("amqp://guest:guest@localhost");
    REQUIRE(plain);
    CHECK_FALSE(plain->tls);
    CHECK(plain->port == 5672);
    CHECK(plain->vhost == "/");
    CHECK(parse_amqp_url("amqp://guest@localhost/")->vhost == "/");
    const auto secure = parse_amqp_url("amqps://[::1]");
    REQUIRE(secure);
    CHECK(secure->port == 5671);
    CHECK(secure->host == "::1");
    CHECK(secure->user.empty());
    CHECK(parse_amqp_url("amqp://a:b@[::1]:99")->port == 99);
}

TEST_CASE("what is no address of a broker is refused") {
    for (const char* bad :
         {"", "localhost", "http://localhost", "amqp://", "amqp:///", "amqp://:5672", "amqp://a:",
          "amqp://a:0", "amqp://a:65536", "amqp://a:x", "amqp://@a", "amqp://:p@a", "amqp://[::1",
          "amqp://[::1]x", "amqp://a/b/c", "amqp://a/b?heartbeat=1", "amqp://a/%", "amqp://a/%zz",
          "amqp://a/%00", "amqp://u%00:p@a", "amqp://u:p p@a", "amqp://a b"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_amqp_url(bad).has_value());
    }
}
