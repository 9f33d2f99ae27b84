#include "common/shell/amqp.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/broker/post_office.h"

using namespace parley;
using namespace parley::shell;

TEST_CASE("what is published is confirmed and comes as it was sent") {
    Loop loop;
    PostOffice office(loop, options_for("simple"));
    office.client->consume("test.simple", 10);
    office.client->consume("test.simple", 10);  // twice is once
    CHECK(office.client->publish({.id = 7,
                                  .exchange = "parley.commands",
                                  .key = "simple",
                                  .body = "{\"n\":1}",
                                  .reply_to = "someone",
                                  .correlation_id = "c-1"}));
    CHECK(office.client->waiting() == 1);
    REQUIRE(office.until([&] { return !office.deliveries.empty() && !office.confirmed.empty(); }));
    const cluster::Delivery& delivery = office.deliveries[0];
    CHECK(delivery.queue == "test.simple");
    CHECK(delivery.key == "simple");
    CHECK(delivery.body == "{\"n\":1}");
    CHECK(delivery.reply_to == "someone");
    CHECK(delivery.correlation_id == "c-1");
    CHECK_FALSE(delivery.redelivered);
    CHECK(office.confirmed == std::vector<uint64_t>{7});
    CHECK(office.client->waiting() == 0);
    CHECK(office.client->waiting_bytes() == 0);
    CHECK(office.downs.empty());
}

TEST_CASE("what was not acknowledged comes again, to whoever comes next, and then no more") {
    Loop loop;
    {
        PostOffice office(loop, options_for("again"));
        office.settles = false;
        office.client->consume("test.again", 10);
        office.client->publish({.exchange = "parley.commands", .key = "again", .body = "a"});
        REQUIRE(office.until([&] { return office.deliveries.size() == 1; }));
    }
    {
        PostOffice next(loop, options_for("again"));
        next.client->consume("test.again", 10);
        REQUIRE(next.until([&] { return next.deliveries.size() == 1; }));
        CHECK(next.deliveries[0].redelivered);
    }
    PostOffice last(loop, options_for("again"));
    last.client->consume("test.again", 10);
    last.client->publish({.exchange = "parley.commands", .key = "again", .body = "b"});
    REQUIRE(last.until([&] { return !last.deliveries.empty(); }));
    CHECK(last.bodies() == std::vector<std::string>{"b"});
}

TEST_CASE("a message brings the trace that it was sent under") {
    Loop loop;
    PostOffice office(loop, options_for("trace"));
    office.client->consume("test.trace", 10);
    office.client->publish({.exchange = "parley.commands",
                            .key = "trace",
                            .body = "a",
                            .traceparent = "00-4bf9-00f0-01"});
    office.client->publish({.exchange = "parley.commands", .key = "trace", .body = "b"});
    REQUIRE(office.until([&] { return office.deliveries.size() == 2; }));
    CHECK(office.deliveries[0].traceparent == "00-4bf9-00f0-01");
    CHECK(office.deliveries[1].traceparent.empty());
}

TEST_CASE("no more than the prefetch is unsettled at a time") {
    Loop loop;
    PostOffice office(loop, options_for("prefetch"));
    office.settles = false;
    office.client->consume("test.prefetch", 3);
    for (int i = 0; i < 10; ++i) {
        office.client->publish(
            {.id = 1, .exchange = "parley.commands", .key = "prefetch", .body = "x"});
    }
    REQUIRE(office.until([&] { return office.confirmed.size() == 10; }));
    REQUIRE(office.until([&] { return office.deliveries.size() == 3; }));
    office.settles = true;
    for (int i = 0; i < 3; ++i) office.client->acknowledge({office.deliveries[i].tag});
    REQUIRE(office.until([&] { return office.deliveries.size() == 10; }));
}

TEST_CASE("a queue that is no longer consumed keeps what comes") {
    Loop loop;
    PostOffice office(loop, options_for("cancel"));
    office.client->consume("test.cancel", 10);
    office.client->publish({.exchange = "parley.commands", .key = "cancel", .body = "1"});
    REQUIRE(office.until([&] { return office.deliveries.size() == 1; }));
    office.client->cancel("test.cancel");
    office.client->publish({.id = 2, .exchange = "parley.commands", .key = "cancel", .body = "2"});
    REQUIRE(office.until([&] { return office.confirmed.size() == 1; }));
    CHECK(office.deliveries.size() == 1);
    office.client->consume("test.cancel", 10);
    REQUIRE(office.until([&] { return office.deliveries.size() == 2; }));
}

TEST_CASE("mandatory mail that no queue takes is returned") {
    Loop loop;
    PostOffice office(loop, options_for("mandatory"));
    office.client->publish(
        {.id = 1, .exchange = "parley.commands", .key = "nobody", .body = "x", .mandatory = true});
    office.client->publish({.id = 2,
                            .exchange = "parley.commands",
                            .key = "mandatory",
                            .body = "x",
                            .mandatory = true});
    office.client->publish({.id = 3, .exchange = "parley.commands", .key = "nobody", .body = "x"});
    REQUIRE(office.until([&] { return office.client->waiting() == 0; }));
    CHECK(office.returned == std::vector<uint64_t>{1});
    std::sort(office.confirmed.begin(), office.confirmed.end());
    CHECK(office.confirmed == std::vector<uint64_t>{2, 3});
}

TEST_CASE("what is rejected is found among the dead") {
    Loop loop;
    PostOffice office(loop, options_for("reject"));
    office.settles = false;
    office.client->consume("test.reject", 10);
    office.client->publish({.exchange = "parley.commands", .key = "reject", .body = "rubbish"});
    REQUIRE(office.until([&] { return office.deliveries.size() == 1; }));
    office.client->reject({office.deliveries[0].tag, "not JSON"});
    office.client->reject({office.deliveries[0].tag, "not JSON"});  // once is enough
    office.client->consume("parley.dead", 10);
    REQUIRE(office.until([&] { return office.deliveries.size() == 2; }));
    CHECK(office.deliveries[1].queue == "parley.dead");
    CHECK(office.deliveries[1].body == "rubbish");
    REQUIRE(office.until([&] { return office.client->waiting() == 0; }));
    office.client->acknowledge({office.deliveries[1].tag});
    office.client.reset();
    PostOffice next(loop, options_for("reject"));
    next.client->consume("test.reject", 10);
    next.client->publish({.exchange = "parley.commands", .key = "reject", .body = "fine"});
    REQUIRE(next.until([&] { return !next.deliveries.empty(); }));
    CHECK(next.bodies() == std::vector<std::string>{"fine"});
}

TEST_CASE("two listeners of a topic hear the same, each by itself") {
    Loop loop;
    AmqpOptions options = options_for("topic");
    cluster::add_listener(options.topology, "loads", "parley.load", {"load.*"});
    PostOffice one(loop, options), two(loop, options);
    for (PostOffice* office : {&one, &two}) {
        REQUIRE(office->until_up());
        office->client->consume("loads", 0);
        // Until its own word comes back it may not listen yet.
        office->client->publish({.exchange = "", .key = "test.topic", .body = "x"});
        REQUIRE(office->until([&] { return office->client->waiting() == 0; }));
    }
    one.client->publish({.exchange = "parley.load", .key = "load.s1", .body = "beat"});
    one.client->publish({.exchange = "parley.load", .key = "other", .body = "no"});
    REQUIRE(one.until([&] { return one.deliveries.size() == 1 && two.deliveries.size() == 1; }));
    CHECK(one.deliveries[0].tag == 0);
    CHECK(one.deliveries[0].key == "load.s1");
    CHECK(two.deliveries[0].body == "beat");
}

TEST_CASE("ten thousand messages come in the order in which they were sent") {
    constexpr int kMessages = 10'000;
    Loop loop;
    PostOffice office(loop, options_for("order"));
    REQUIRE(office.until_up());
    office.client->consume("test.order", 500);
    const base::Instant begun = loop.now();
    for (int i = 0; i < kMessages; ++i) {
        office.client->publish({.id = static_cast<uint64_t>(i + 1),
                                .exchange = "parley.commands",
                                .key = "order",
                                .body = std::to_string(i)});
    }
    REQUIRE(office.until([&] { return office.deliveries.size() == kMessages; }));
    REQUIRE(office.until([&] { return office.confirmed.size() == kMessages; }));
    const auto took = std::chrono::duration<double>(loop.now() - begun);
    const double rate = kMessages / took.count();
    MESSAGE(rate, " messages a second, published, confirmed and consumed");
    for (int i = 0; i < kMessages; ++i) REQUIRE(office.deliveries[i].body == std::to_string(i));
    for (int i = 0; i < kMessages; ++i)
        REQUIRE(office.confirmed[i] == static_cast<uint64_t>(i + 1));
}
