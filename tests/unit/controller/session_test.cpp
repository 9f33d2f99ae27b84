#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using Voices = std::set<std::string>;

TEST_CASE("a client that loses its connection is heard all the while, and goes on where it was") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    bob.lose_connection();
    CHECK(server.events("peer.connection_lost") == 1);
    CHECK(server.hears(ada) == Voices{"bob"});
    ada.ask("changeDisplayName", R"({"displayName":"Countess"})");
    server.enter("standup", "cat");
    server.advance(14s);
    bob.resume();
    CHECK(server.events("peer.resumed") == 1);
    CHECK(bob.last("peerDisplayNameChanged").find("Countess") != std::string::npos);
    CHECK(bob.told("newPeer") == 1);
    CHECK(server.hears(bob) == Voices{"ada", "cat"});  // newConsumer came with the rest
    CHECK(ada.told("peerClosed") == 0);
}

TEST_CASE("who does not come back within the grace time is gone") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    bob.lose_connection();
    server.advance(16s);
    CHECK(ada.last("peerClosed") == R"({"peerId":"bob"})");
    CHECK(ada.told("consumerClosed") == 1);
    CHECK(server.last_event("peer.left").data == R"({"peer":"bob","reason":"lost"})");
    CHECK(server.worker(0).transports().size() == 2);
    bob.resume();
    CHECK(bob.close_code == 4404);
    CHECK(bob.close_reason == "no-such-session");
}

TEST_CASE("a client without numbers is gone with its connection") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob", false);
    CHECK(bob.told("session") == 0);
    CHECK(server.hears(bob) == Voices{"ada"});
    bob.lose_connection();
    CHECK(ada.told("peerClosed") == 1);
}

TEST_CASE("a client that says so leaves at once") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    CHECK(bob.ask("leave") == "{}");
    CHECK(bob.close_code == 1000);
    CHECK(ada.told("peerClosed") == 1);
    CHECK(server.last_event("peer.left").data == R"({"peer":"bob","reason":"left"})");
}

TEST_CASE("the same peer from elsewhere takes the place of the first") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    auto& again = server.enter("standup", "bob");
    CHECK(bob.close_code == 4409);
    CHECK(ada.told("peerClosed") == 1);
    CHECK(ada.told("newPeer") == 2);
    CHECK(server.hears(ada) == Voices{"bob"});
    CHECK(server.hears(again) == Voices{"ada"});
    bob.resume();  // what was replaced cannot come back
    CHECK(bob.close_code == 4404);
}

TEST_CASE("a session is its peer's alone") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& eve = server.enter("standup", "eve");
    auto& thief = server.client("standup", "eve");
    thief.connect({"standup", "eve", {}, ada.session, 0, ""});
    CHECK(thief.close_code == 4404);
    thief.connect({"other", "ada", {}, ada.session, 0, ""});
    CHECK(thief.close_code == 4404);
    thief.connect({"standup", "ada", {}, ada.session + "x", 0, ""});
    CHECK(thief.close_code == 4404);
    thief.connect({"standup", "ada", {}, ada.session, ada.received + 1, ""});  // from the future
    CHECK(thief.close_code == 4404);
    CHECK(ada.connected());
    CHECK(server.hears(eve) == Voices{"ada"});
}

TEST_CASE("a connection that is still open is replaced by the one that resumes") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    auto& elsewhere = server.client("standup", "bob");
    elsewhere.received = bob.received;
    elsewhere.connect({"standup", "bob", {}, bob.session, bob.received, ""});
    CHECK(bob.close_code == 4409);
    CHECK(elsewhere.last("session").find("\"resumed\":true") != std::string::npos);
    CHECK(ada.told("peerClosed") == 0);
}

TEST_CASE("a request that is sent again is carried out once") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada", true);
    const std::string produce = R"({"request":true,"id":7777,"method":"produce","data":{)"
                                R"("transportId":")" +
                                ada.send_transport + R"(","kind":"audio","rtpParameters":)" +
                                microphone(7, "z") + "}}";
    ada.send_raw(produce);
    const std::string answer = ada.answer_to(7777);
    CHECK(answer.starts_with("{\"id\""));
    ada.lose_connection();
    ada.resume();
    ada.send_raw(produce);
    CHECK(ada.answer_to(7777) == answer);
    CHECK(server.worker(0).producers().size() == 2);
    // And while it is still being carried out:
    server.hold_workers = true;
    const std::string close = R"({"request":true,"id":7778,"method":"restartIce","data":{)"
                              R"("transportId":")" +
                              ada.send_transport + R"("}})";
    ada.send_raw(close);
    ada.send_raw(close);
    CHECK(server.held.size() == 1);
}

TEST_CASE("a voice whose acknowledgement was lost with the connection is heard after resuming") {
    ModelServer server;
    server.start();
    auto& bob = server.enter("standup", "bob");
    bob.answers = false;
    server.enter("standup", "ada");
    REQUIRE(bob.new_consumers.size() == 1);
    CHECK(server.hears(bob).empty());
    bob.lose_connection();
    bob.resume();  // says that it has received newConsumer
    CHECK(bob.new_consumers.size() == 1);
    CHECK(server.hears(bob) == Voices{"ada"});
}

TEST_CASE("a session keeps a bounded number of messages, and says so when it kept too few") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    auto& cat = server.enter("standup", "cat");
    bob.lose_connection();
    cat.lose_connection();
    const auto rename = [&](int i) {
        ada.ask("changeDisplayName", R"({"displayName":")" + std::to_string(i) + R"("})");
        server.advance(20ms);
    };
    for (int i = 0; i < 255; ++i) rename(i);
    cat.resume();
    CHECK(cat.told("peerDisplayNameChanged") == 255);
    for (int i = 0; i < 10; ++i) rename(i);
    bob.resume();
    CHECK(bob.close_code == 4404);
}

TEST_CASE("messages are bounded in size and rate; answers that were asked for do not count") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    const auto drop = [&](const char* reason, uint16_t code) {
        CHECK(ada.close_code == code);
        CHECK(ada.close_reason == reason);
        ada.resume();
        CHECK(ada.connected());
    };
    ada.send_raw(std::string(64 * 1024 + 1, ' '));
    drop("too-large", 4413);
    server.advance(10s);
    for (int i = 0; i < 200; ++i) ada.send_raw("{}");
    CHECK(ada.connected());
    ada.send_raw("{}");
    drop("too-many-messages", 4429);
    server.advance(1s);
    for (int i = 0; i < 50; ++i) ada.send_raw("{}");
    CHECK(ada.connected());
    ada.send_raw(R"({"response":true,"id":1,"ok":true})");  // to nothing that was asked
    drop("too-many-messages", 4429);
    server.advance(10s);
    server.checks = false;
    for (int i = 0; i < 300; ++i) {  // 300 newConsumers at once
        auto& other = server.client("standup", "p" + std::to_string(i));
        other.connect({"standup", other.peer, {.subscribe = false}, {}, 0, ""});
        other.numbered = false;
        other.enter();
    }
    CHECK(ada.connected());
    CHECK(server.hears(ada).size() == 300);
}

TEST_CASE("whatever the moment a connection breaks, nothing is lost and nothing comes twice") {
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        base::SeededRandom dice(seed);
        ModelServer server({}, seed);
        server.start();
        std::vector<ModelClient*> clients;
        for (const char* name : {"ada", "bob", "cat", "dan"}) {
            clients.push_back(&server.enter("standup", name));
        }
        for (int step = 0; step < 60; ++step) {
            ModelClient& one = *clients[dice.below(clients.size())];
            switch (dice.below(7)) {
                case 0:
                    if (one.connected()) one.lose_connection();
                    break;
                case 1:
                case 2:
                    if (!one.connected()) one.resume();
                    break;
                case 3: one.ask("changeDisplayName", R"({"displayName":"x"})"); break;
                case 4:
                    if (!one.connected() || one.producer.empty()) break;
                    one.ask("closeProducer", R"({"producerId":")" + one.producer + R"("})");
                    one.producer.clear();
                    break;
                case 5:
                    if (one.connected() && one.producer.empty()) one.speak();
                    break;
                case 6: one.answers = !one.answers; break;
            }
            server.advance(100ms);
        }
        Voices speaking;
        for (ModelClient* client : clients) {
            client->answers = true;
            if (client->connected()) client->lose_connection();
            client->resume();
            REQUIRE(client->connected());
            if (!client->producer.empty()) speaking.insert(client->peer);
        }
        for (ModelClient* client : clients) {  // on_text() holds the numbers to 1, 2, 3, ...
            Voices others = speaking;
            others.erase(client->peer);
            CHECK(server.hears(*client) == others);
        }
        CHECK(server.worker(0).refusals == 0);
    }
}
