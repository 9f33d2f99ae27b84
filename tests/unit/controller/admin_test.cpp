#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;
using Voices = std::set<std::string>;

namespace {

base::Result<base::Unit, Error> mute(ModelServer& server, const char* peer, bool muted) {
    return server.call([&](Controller& core, base::Instant now, Outputs& out) {
        return core.mute_peer(now, "standup", peer, muted, out);
    });
}

}  // namespace

TEST_CASE("a peer that is told to leave is gone, with the reason") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    const std::string reason = "né" + std::string(200, 'e');
    REQUIRE(server.call([&](Controller& core, base::Instant now, Outputs& out) {
        return core.kick_peer(now, "standup", "bob", reason, out);
    }));
    CHECK(bob.close_code == 4403);
    CHECK(bob.close_reason.starts_with("kicked: né"));
    CHECK(bob.close_reason.size() <= 123);
    CHECK(ada.last("peerClosed") == R"({"peerId":"bob"})");
    CHECK(server.hears(ada).empty());
    CHECK(server
              .call([&](Controller& core, base::Instant now, Outputs& out) {
                  return core.kick_peer(now, "standup", "bob", "", out);
              })
              .error()
              .code == ErrorCode::NotFound);
}

TEST_CASE("who is muted by an administrator is not heard until an administrator says so") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    const std::string id = R"({"producerId":")" + ada.producer + R"("})";
    REQUIRE(mute(server, "ada", true));
    CHECK(server.hears(bob).empty());
    CHECK(ada.last("muted") == R"({"producerId":")" + ada.producer + R"(","by":"admin"})");
    CHECK(bob.told("consumerPaused") == 1);
    CHECK(ada.ask("resumeProducer", id) == "!403 muted by an administrator");
    CHECK(server.hears(bob).empty());
    const auto info = server.core().room("standup").value().peers[0].producers.at(0);
    CHECK(info.muted);
    CHECK(info.paused);
    // Another microphone does not get around it.
    ada.speak(6000);
    CHECK(server.hears(bob).empty());
    CHECK(ada.told("muted") == 2);
    REQUIRE(mute(server, "ada", true));  // again: nothing new
    CHECK(ada.told("muted") == 2);
    REQUIRE(mute(server, "ada", false));
    CHECK(server.hears(bob) == Voices{"ada"});
    CHECK(ada.told("unmuted") == 2);
    CHECK(server.events("track.muted") == 4);
}

TEST_CASE("who paused itself stays paused when the administrator's mute ends") {
    ModelServer server;
    server.start();
    auto& ada = server.enter("standup", "ada");
    auto& bob = server.enter("standup", "bob");
    const std::string id = R"({"producerId":")" + ada.producer + R"("})";
    ada.ask("pauseProducer", id);
    REQUIRE(mute(server, "ada", true));
    REQUIRE(mute(server, "ada", false));
    CHECK(server.hears(bob).empty());
    CHECK(bob.told("consumerPaused") == 1);
    CHECK(bob.told("consumerResumed") == 0);
    ada.ask("resumeProducer", id);
    CHECK(server.hears(bob) == Voices{"ada"});
}

TEST_CASE("nobody is muted who is not there") {
    ModelServer server;
    server.start();
    CHECK(mute(server, "ada", true).error().code == ErrorCode::NotFound);
    server.enter("standup", "ada");
    CHECK(mute(server, "bob", true).error().code == ErrorCode::NotFound);
}
