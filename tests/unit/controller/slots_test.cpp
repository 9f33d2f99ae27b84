#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;

namespace {

// Ada and Bob hear in three slots each; Cat is a classic client.
struct SlotServer : ModelServer {
    ModelClient *ada, *bob, *cat;

    SlotServer() {
        start();
        ada = &join("ada", R"("audio":{"slots":3},)");
        bob = &join("bob", R"("audio":{"slots":3},)");
        cat = &join("cat", "");
    }

    ModelClient& join(const std::string& name, const std::string& wanted) {
        ModelClient& who = client("standup", name);
        who.wanted = wanted;
        who.connect();
        who.enter();
        return who;
    }

    uint64_t transport_of(const ModelClient& who) const {
        return std::stoull(who.receive_transport);
    }
    uint32_t csrc_of(const ModelClient& who) {
        return worker(0).producers().at(std::stoull(who.producer)).csrc;
    }
    const ModelWorker::Listener& listener(const ModelClient& who) {
        return worker(0).listeners().at(transport_of(who));
    }
    uint64_t first_slot(const ModelClient& who) const { return who.consumers.begin()->first; }

    void give(const ModelClient& listener, uint64_t consumer, uint32_t csrc) {
        from_worker(0, ModelWorker::slot_speakers({{transport_of(listener), consumer, csrc}}));
        pump();
    }
};

std::string rule(const std::string& peer, const char* name, bool holds) {
    return R"({"peerId":")" + peer + R"(",")" + name + R"(":)" + (holds ? "true}" : "false}");
}

}  // namespace

TEST_CASE("who asks for slots gets so many consumers, once, whoever comes and goes") {
    SlotServer server;
    CHECK(server.ada->new_consumers.size() == 3);
    CHECK(server.cat->new_consumers.size() == 2);  // classic: one for each voice
    server.enter("standup", "dan");
    CHECK(server.ada->new_consumers.size() == 3);
    CHECK(server.cat->new_consumers.size() == 3);
    CHECK(server.ada->new_consumers[1].find(R"("slot":1)") != std::string::npos);
    CHECK(server.listener(*server.ada).self == server.csrc_of(*server.ada));
    CHECK(server.csrc_of(*server.ada) != server.csrc_of(*server.bob));
    for (const auto& [id, consumer] : server.worker(0).consumers()) CHECK_FALSE(consumer.paused);
    CHECK(server.worker(0).refusals == 0);
}

TEST_CASE("slots come whatever the order of joining and transports is") {
    ModelServer server;
    server.start();
    auto& ada = server.client("standup", "ada");
    ada.connect();
    ada.ask("join", std::string(R"({"displayName":"Ada","audio":{"slots":2},"rtpCapabilities":)") +
                        kBrowser + "}");
    CHECK(ada.new_consumers.empty());
    ada.make_transports();
    CHECK(ada.new_consumers.size() == 2);
    ada.make_transports();  // again: the first are closed, and these have slots of their own
    CHECK(ada.new_consumers.size() == 4);
    CHECK(ada.told("consumerClosed") == 2);
    CHECK(server.worker(0).listeners().size() == 1);
}

TEST_CASE("a listener is told whose voice its slots carry") {
    SlotServer server;
    const uint64_t slot = server.first_slot(*server.ada);
    server.give(*server.ada, slot, server.csrc_of(*server.bob));
    CHECK(server.ada->last("slotSpeakers") ==
          R"({"slots":[{"consumerId":")" + std::to_string(slot) + R"(","peerId":"bob"}]})");
    server.give(*server.ada, slot, 0);
    CHECK(server.ada->last("slotSpeakers").find(R"("peerId":null)") != std::string::npos);
    server.give(*server.ada, slot, 4711);  // one who has gone meanwhile
    CHECK(server.ada->last("slotSpeakers").find(R"("peerId":null)") != std::string::npos);
    CHECK(server.bob->told("slotSpeakers") == 0);
    // What is not a listener's slot is nothing.
    server.give(*server.cat, server.first_slot(*server.cat), 1);
    server.give(*server.ada, 99'999, 1);
    CHECK(server.ada->told("slotSpeakers") == 3);
    CHECK(server.ada->ask("sync").find(R"("slot":2)") != std::string::npos);
}

TEST_CASE("a listener is told who speaks and who is muted, for no consumer shows it") {
    SlotServer server;
    const auto said = [](const char* peer, const char* audio) {
        return std::string(R"({"peerId":")") + peer + R"(","audio":")" + audio + R"("})";
    };
    CHECK(server.ada->last("peerAudio") == said("cat", "live"));
    const std::string id = R"({"producerId":")" + server.cat->producer + R"("})";
    server.cat->ask("pauseProducer", id);
    CHECK(server.ada->last("peerAudio") == said("cat", "muted"));
    server.cat->ask("closeProducer", id);
    CHECK(server.ada->last("peerAudio") == said("cat", "none"));
    CHECK(server.cat->told("peerAudio") == 0);
    auto& dan = server.client("standup", "dan");
    dan.wanted = R"("audio":{"slots":1},)";
    dan.connect();
    dan.make_transports();
    const std::string joined =
        dan.ask("join", R"({"audio":{"slots":1},"rtpCapabilities":)" + std::string(kBrowser) + "}");
    CHECK(joined.find(R"("audio":"none"},)") == std::string::npos);
    CHECK(joined.find(R"("audio":"none"}]})") != std::string::npos);  // cat, the last by name
    CHECK(joined.find(R"("audio":"live"})") != std::string::npos);
}

TEST_CASE("who speaks before joining is heard in no slot") {
    SlotServer server;
    auto& dan = server.client("standup", "dan");
    dan.connect();
    dan.make_transports();
    dan.speak(5000);
    const auto& producer = [&]() -> const ModelWorker::Producer& {
        return server.worker(0).producers().at(std::stoull(dan.producer));
    };
    CHECK(producer().paused);
    CHECK(server.ada->last("peerAudio").find("dan") == std::string::npos);
    dan.ask("join", std::string(R"({"rtpCapabilities":)") + kBrowser + "}");
    CHECK_FALSE(producer().paused);
    CHECK(server.ada->last("peerAudio") == R"({"peerId":"dan","audio":"live"})");
}

TEST_CASE("a listener mutes and pins others for itself, and takes it back") {
    SlotServer server;
    const uint32_t bob = server.csrc_of(*server.bob), cat = server.csrc_of(*server.cat);
    using Csrcs = std::vector<uint32_t>;
    CHECK(server.ada->ask("muteSpeaker", rule("bob", "muted", true)) == "{}");
    CHECK(server.ada->ask("pinSpeaker", rule("cat", "pinned", true)) == "{}");
    CHECK(server.ada->ask("pinSpeaker", rule("cat", "pinned", true)) == "{}");
    CHECK(server.listener(*server.ada).muted == Csrcs{bob});
    CHECK(server.listener(*server.ada).pinned == Csrcs{cat});
    CHECK(server.listener(*server.bob).muted.empty());
    // Who comes back under the same name is still muted, before a word is said.
    CHECK(server.bob->ask("leave") == "{}");
    auto& again = server.join("bob", "");
    CHECK(server.csrc_of(again) != bob);
    CHECK(server.listener(*server.ada).muted == Csrcs{server.csrc_of(again)});
    CHECK(server.ada->ask("muteSpeaker", rule("bob", "muted", false)) == "{}");
    CHECK(server.ada->ask("pinSpeaker", rule("cat", "pinned", false)) == "{}");
    CHECK(server.listener(*server.ada).muted.empty());
    CHECK(server.listener(*server.ada).pinned.empty());
}

TEST_CASE("what cannot be asked of slots is refused with a reason") {
    SlotServer server;
    CHECK(server.cat->ask("muteSpeaker", rule("bob", "muted", true)) ==
          "!409 this peer did not join with slots");
    CHECK(server.ada->ask("muteSpeaker", rule("eve", "muted", true)) == "!404 no such other peer");
    CHECK(server.ada->ask("pinSpeaker", rule("ada", "pinned", true)) == "!404 no such other peer");
    CHECK(server.ada->ask("pinSpeaker", "{}").starts_with("!400"));
    for (int i = 0; i < 9; ++i) {
        const std::string name = "peer" + std::to_string(i);
        server.enter("standup", name);
        CHECK(server.ada->ask("pinSpeaker", rule(name, "pinned", true)) ==
              (i < 8 ? "{}" : "!429 as many pinned as a peer may have"));
    }
    auto& dan = server.client("standup", "dan");
    dan.connect();
    for (const char* audio : {R"({"slots":9})", R"({"slots":-1})", R"({"slots":"3"})", "3"}) {
        CHECK(dan.ask("join", R"({"audio":)" + std::string(audio) + "}").starts_with("!400"));
    }
    CHECK(dan.ask("join", R"({"audio":{}})").starts_with("{"));
}

TEST_CASE("a controller that comes back knows slots and rules, and nobody is asked twice") {
    SlotServer server;
    server.ada->ask("muteSpeaker", rule("bob", "muted", true));
    server.ada->ask("pinSpeaker", rule("cat", "pinned", true));
    const auto consumers = server.worker(0).consumers().size();
    const uint32_t bob = server.csrc_of(*server.bob);
    server.crash_controller();
    for (auto* who : {server.ada, server.bob, server.cat}) who->resume();
    CHECK(server.worker(0).consumers().size() == consumers);
    CHECK(server.ada->new_consumers.size() == 3);
    CHECK(server.ada->ask("sync").find(R"("slot":2)") != std::string::npos);
    server.give(*server.ada, server.first_slot(*server.ada), bob);
    CHECK(server.ada->last("slotSpeakers").find(R"("peerId":"bob")") != std::string::npos);
    // The rules are the ones that were, and can be changed.
    CHECK(server.ada->ask("pinSpeaker", rule("cat", "pinned", false)) == "{}");
    CHECK(server.listener(*server.ada).muted == std::vector<uint32_t>{bob});
    CHECK(server.listener(*server.ada).pinned.empty());
    auto& dan = server.join("dan", "");
    for (const auto* who : {server.ada, server.bob, server.cat}) {
        CHECK(server.csrc_of(dan) != server.csrc_of(*who));
    }
}

TEST_CASE("when the worker dies the slots come again on the next, with their rules") {
    SlotServer server;
    server.ada->ask("muteSpeaker", rule("bob", "muted", true));
    server.kill_worker(0);
    server.advance(30s);
    REQUIRE(server.ada->told("transportsLost") == 1);
    server.bob->make_transports();
    server.bob->speak();
    server.ada->make_transports();
    CHECK(server.ada->new_consumers.size() == 6);
    CHECK(server.listener(*server.ada).muted == std::vector<uint32_t>{server.csrc_of(*server.bob)});
}
