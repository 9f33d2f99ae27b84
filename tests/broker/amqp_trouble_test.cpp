#include <doctest/doctest.h>

#include <algorithm>

#include "common/shell/amqp.h"
#include "tests/broker/post_office.h"

using namespace parley;
using namespace parley::shell;

namespace {

void publish(PostOffice& office, const std::string& key, int from, int to) {
    for (int i = from; i < to; ++i) {
        CHECK(office.client->publish({.id = static_cast<uint64_t>(i + 1),
                                      .exchange = "parley.commands",
                                      .key = key,
                                      .body = std::to_string(i)}));
    }
}

// What came, each once: in the order of its first coming.
std::vector<std::string> first_of_each(const std::vector<std::string>& bodies) {
    std::vector<std::string> each;
    for (const std::string& body : bodies) {
        if (std::find(each.begin(), each.end(), body) == each.end()) each.push_back(body);
    }
    return each;
}

std::vector<std::string> numbers(int to) {
    std::vector<std::string> all;
    for (int i = 0; i < to; ++i) all.push_back(std::to_string(i));
    return all;
}

}  // namespace

TEST_CASE("a broker that is killed and comes back has everything, in order") {
    Loop loop;
    PostOffice office(loop, options_for("killed"));
    publish(office, "killed", 0, 400);
    REQUIRE(office.until([&] { return office.confirmed.size() >= 100; }));
    RabbitMq::shared().kill();
    REQUIRE(office.until([&] { return !office.client->up(); }));
    publish(office, "killed", 400, 800);
    RabbitMq::shared().start();
    REQUIRE(office.until([&] { return office.client->waiting() == 0; }));
    office.client->consume("test.killed", 50);
    REQUIRE(office.until([&] { return first_of_each(office.bodies()).size() == 800; }));
    CHECK(first_of_each(office.bodies()) == numbers(800));
    CHECK(office.confirmed.size() == 800);
    CHECK(office.ups >= 2);
}

TEST_CASE("a broker that stands still holds nobody up, and is missed after two heartbeats") {
    Loop loop;
    PostOffice office(loop, options_for("paused"));
    office.client->consume("test.paused", 50);
    REQUIRE(office.until_up());
    RabbitMq::shared().pause();
    // More than sockets hold: the thread can not write on, and the loop does not notice.
    const std::string large(100'000, 'x');
    for (int i = 0; i < 200; ++i) {
        CHECK(office.client->publish(
            {.exchange = "parley.commands", .key = "paused", .body = large}));
    }
    CHECK(office.client->waiting() == 200);
    REQUIRE(office.until([&] { return !office.client->up(); }));
    CHECK(office.downs.size() == 1);
    RabbitMq::shared().resume();
    REQUIRE(office.until([&] { return office.client->waiting() == 0; }));
    REQUIRE(office.until([&] { return office.deliveries.size() >= 200; }));
}

TEST_CASE("who ends does not wait for a broker that stands still") {
    Loop loop;
    auto office = std::make_unique<PostOffice>(loop, options_for("ending"));
    REQUIRE(office->until_up());
    RabbitMq::shared().pause();
    office->client->publish({.exchange = "parley.commands", .key = "ending", .body = "x"});
    office.reset();  // hangs, and so does this test, if it waits
    RabbitMq::shared().resume();
}

TEST_CASE("what was said right before the end is said") {
    Loop loop;
    {
        PostOffice office(loop, options_for("farewell"));
        REQUIRE(office.until_up());
        publish(office, "farewell", 0, 50);
    }
    PostOffice next(loop, options_for("farewell"));
    next.client->consume("test.farewell", 100);
    REQUIRE(next.until([&] { return next.deliveries.size() == 50; }));
}

TEST_CASE("wrong credentials are said once, however often they are tried") {
    Loop loop;
    AmqpOptions options = options_for("credentials");
    options.url = "amqp://guest:wrong@127.0.0.1:" + std::to_string(RabbitMq::shared().port);
    options.refused_wait = 10ms;
    PostOffice office(loop, options);
    REQUIRE(office.until([&] { return office.downs.size() == 1; }));
    CHECK(office.downs[0].find("ACCESS_REFUSED") != std::string::npos);
    CHECK(office.downs[0].find("wrong") == std::string::npos);
    // A word to the right address meanwhile: several tries go by.
    PostOffice good(loop, options_for("credentials"));
    good.client->publish({.id = 1, .exchange = "parley.commands", .key = "credentials"});
    REQUIRE(good.until([&] { return good.confirmed.size() == 1; }));
    CHECK(office.downs.size() == 1);
    CHECK_FALSE(office.client->up());
}

TEST_CASE("a queue that is declared otherwise already is a clear error") {
    Loop loop;
    PostOffice first(loop, options_for("mismatch"));
    REQUIRE(first.until_up());
    AmqpOptions options = options_for("mismatch");
    options.topology = cluster::common_topology(cluster::Assignment::SharedQueue);
    PostOffice office(loop, options);
    REQUIRE(office.until([&] { return !office.downs.empty(); }));
    CHECK(office.downs[0].find("queue parley.rooms") == 0);
    CHECK(office.downs[0].find("PRECONDITION_FAILED") != std::string::npos);
}

TEST_CASE("over TLS both sides show who they are") {
    Loop loop;
    const RabbitMq& broker = RabbitMq::shared();
    AmqpOptions options = options_for("tls");
    options.url = "amqps://guest:guest@localhost:" + std::to_string(broker.tls_port);
    options.ca_file = broker.ca;
    options.certificate_file = broker.certificate;
    options.key_file = broker.key;
    SUBCASE("as they should") {
        PostOffice office(loop, options);
        office.client->consume("test.tls", 10);
        const std::string large(300'000, 'x');
        office.client->publish(
            {.id = 1, .exchange = "parley.commands", .key = "tls", .body = large});
        REQUIRE(office.until([&] { return !office.deliveries.empty(); }));
        CHECK(office.deliveries[0].body == large);
        CHECK(office.downs.empty());
    }
    SUBCASE("we do not") {
        options.certificate_file = options.key_file = "";
        PostOffice office(loop, options);
        REQUIRE(office.until([&] { return !office.downs.empty(); }));
        CHECK(office.ups == 0);
    }
    SUBCASE("the broker is nobody we believe") {
        options.ca_file = "";
        PostOffice office(loop, options);
        REQUIRE(office.until([&] { return !office.downs.empty(); }));
        CHECK(office.ups == 0);
        CHECK(office.downs[0].find("SSL") != std::string::npos);
    }
    SUBCASE("the broker has another name") {
        // By rabbitmq-c an address is no name, whatever the certificate says.
        options.url = "amqps://guest:guest@127.0.0.1:" + std::to_string(broker.tls_port);
        PostOffice office(loop, options);
        REQUIRE(office.until([&] { return !office.downs.empty(); }));
        CHECK(office.ups == 0);
    }
    SUBCASE("our certificate can not be read") {
        options.key_file = broker.ca;
        PostOffice office(loop, options);
        REQUIRE(office.until([&] { return !office.downs.empty(); }));
        CHECK(office.downs[0].find("no certificate and its key") != std::string::npos);
    }
}

TEST_CASE("without a broker the outbox fills up, and what is too much is counted") {
    Loop loop;
    AmqpOptions options = options_for("full");
    options.url = "amqp://guest:guest@127.0.0.1:1";
    options.outbox_messages = 10;
    options.outbox_bytes = 100'000;
    PostOffice office(loop, options);
    publish(office, "full", 0, 10);
    CHECK_FALSE(office.client->publish({.exchange = "parley.commands", .key = "full"}));
    CHECK(office.client->counts().dropped_full == 1);
    REQUIRE(office.until([&] { return !office.downs.empty(); }));
    CHECK(office.downs[0] == "127.0.0.1:1: no RabbitMQ answers there");
    PostOffice other(loop, options);
    CHECK_FALSE(
        other.client->publish({.exchange = "", .key = "", .body = std::string(100'000, ' ')}));
    CHECK(other.client->waiting() == 0);
}

TEST_CASE("what waited until it was of no use is dropped") {
    Loop loop;
    RabbitMq::shared();
    AmqpOptions options = options_for("expired");
    PostOffice office(loop, options);
    office.client->publish({.id = 1,
                            .exchange = "parley.commands",
                            .key = "expired",
                            .body = "old",
                            .expiration = base::Duration(0)});
    office.client->publish({.id = 2, .exchange = "parley.commands", .key = "expired", .body = "b"});
    REQUIRE(office.until([&] { return office.client->waiting() == 0; }));
    CHECK(office.confirmed == std::vector<uint64_t>{2});
    CHECK(office.client->counts().dropped_expired == 1);
}
