#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using Voices = std::set<std::string>;

TEST_CASE("two people in a room hear each other") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    CHECK(server.hears(ada) == Voices{"bob"});
    CHECK(server.hears(bob) == Voices{"ada"});
    CHECK(server.worker(0).refusals == 0);
}

TEST_CASE("two rooms never mix") {
    ModelServer server({.workers = 2});
    server.start();
    auto& ada = server.enter("one", "ada");
    auto& bob = server.enter("two", "bob");
    auto& cat = server.enter("two", "cat");
    CHECK(server.hears(ada).empty());
    CHECK(server.hears(bob) == Voices{"cat"});
    CHECK(server.hears(cat) == Voices{"bob"});
    CHECK(server.worker_of("one") != server.worker_of("two"));  // and each has its own worker
}

TEST_CASE("nobody is heard before the listener has said that it is ready") {
    ModelServer server;
    server.start();
    server.enter("standup", "ada");
    auto& bob = server.client("standup", "bob");
    bob.answers = false;
    bob.connect();
    bob.enter();
    REQUIRE(bob.consumers.size() == 1);
    CHECK(server.hears(bob).empty());
    bob.send_raw(R"({"response":true,"id":99,"ok":true})");  // to nothing that was asked
    CHECK(server.hears(bob).empty());
}

TEST_CASE("a listener who cannot take a voice is not sent it") {
    ModelServer server;
    server.start();
    server.enter("standup", "ada");
    auto& bob = server.client("standup", "bob");
    bob.refuses = true;
    bob.connect();
    bob.enter();
    CHECK(bob.new_consumers.size() == 1);
    CHECK(server.worker(0).consumers().size() == 1);  // ada's, of bob
}

TEST_CASE("voices are heard whatever the order of joining, transports and microphones") {
    ModelServer server;
    server.start();
    auto& ada = server.client("standup", "ada");
    ada.connect();
    ada.make_transports();
    ada.speak();  // before it joins
    auto& bob = server.client("standup", "bob");
    bob.connect();
    bob.ask("join", std::string(R"({"displayName":"Bob","rtpCapabilities":)") + kBrowser + "}");
    CHECK(bob.new_consumers.empty());
    ada.ask("join", std::string(R"({"displayName":"Ada","rtpCapabilities":)") + kBrowser + "}");
    CHECK(bob.new_consumers.empty());  // no transport yet
    bob.make_transports();
    CHECK(server.hears(bob) == Voices{"ada"});
    bob.speak();
    CHECK(server.hears(ada) == Voices{"bob"});
}

TEST_CASE("a pause silences everywhere and says so") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    const std::string id = R"({"producerId":")" + ada.producer + R"("})";
    CHECK(ada.ask("pauseProducer", id) == "{}");
    CHECK(server.hears(bob).empty());
    CHECK(bob.told("consumerPaused") == 1);
    ada.ask("pauseProducer", id);  // again: nothing changes
    CHECK(bob.told("consumerPaused") == 1);
    CHECK(ada.ask("resumeProducer", id) == "{}");
    CHECK(server.hears(bob) == Voices{"ada"});
    CHECK(bob.told("consumerResumed") == 1);
}

TEST_CASE("a listener may pause one voice for itself") {
    ModelServer server;
    server.start();
    server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    auto& cat = server.enter("standup", "cat");
    const std::string own = std::to_string(bob.consumers.begin()->first);
    const std::string whose = bob.consumers.begin()->second;
    CHECK(bob.ask("pauseConsumer", R"({"consumerId":")" + own + R"("})") == "{}");
    CHECK(!server.hears(bob).contains(whose));
    CHECK(server.hears(cat) == Voices{"ada", "bob"});
    CHECK(bob.ask("resumeConsumer", R"({"consumerId":")" + own + R"("})") == "{}");
    CHECK(server.hears(bob) == Voices{"ada", "cat"});
    const std::string theirs = std::to_string(cat.consumers.begin()->first);
    CHECK(bob.ask("pauseConsumer", R"({"consumerId":")" + theirs + R"("})") ==
          "!404 no such consumer");
}

TEST_CASE("a microphone that is closed is gone for all, and another may take its place") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    CHECK(ada.ask("closeProducer", R"({"producerId":")" + ada.producer + R"("})") == "{}");
    CHECK(bob.told("consumerClosed") == 1);
    CHECK(bob.consumers.empty());
    CHECK(server.events("track.removed") == 1);
    ada.speak(6000);
    CHECK(server.hears(bob) == Voices{"ada"});
    CHECK(server.worker(0).refusals == 0);
}

TEST_CASE("who may not publish is not heard, who may not subscribe does not hear") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& mute = server.client("standup", "mute");
    mute.connect({"standup", "mute", {.publish = false}, "", 0, ""});
    mute.enter(false);
    CHECK(mute.speak() == "!403 may not publish");
    CHECK(server.hears(mute) == Voices{"ada"});
    auto& deaf = server.client("standup", "deaf");
    deaf.connect({"standup", "deaf", {.subscribe = false}, "", 0, ""});
    deaf.enter();
    CHECK(server.hears(deaf).empty());
    CHECK(deaf.new_consumers.empty());
    CHECK(server.hears(ada) == Voices{"deaf"});
}

TEST_CASE("who joins five hundred speakers is one frame to the worker") {
    ModelServer server;
    server.start();
    server.checks = false;
    for (int i = 0; i < 500; ++i) {
        auto& speaker = server.client("big", "s" + std::to_string(i));
        speaker.connect({"big", speaker.peer, {.subscribe = false}, "", 0, ""});
        speaker.enter();
    }
    auto& late = server.client("big", "late");
    late.answers = false;
    late.connect();
    late.make_transports();
    server.worker(0).batches.clear();
    late.ask("join", std::string(R"({"displayName":"L","rtpCapabilities":)") + kBrowser + "}");
    server.core().ensure_invariants();
    CHECK(late.new_consumers.size() == 500);
    CHECK(server.worker(0).batches == std::vector<size_t>{502});  // two transports' data kept, too
}
