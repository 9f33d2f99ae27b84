#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;

namespace {

using Rule = ModelWorker::Rule;

// A room over three workers, two people in each, all of whom hear in slots: two, but for those in
// the second worker, who have one.
struct Hall {
    ModelServer server{{.workers = 3}};
    ModelClient *ada, *bob, *cat, *dan, *eve, *fay;

    Hall() {
        server.start();
        ada = &join("ada", 2), bob = &join("bob", 2);
        server.burn({0.88, 0.5, 0.6});
        cat = &join("cat", 1), dan = &join("dan", 1);
        server.burn({0.88, 0.88, 0.6});
        eve = &join("eve", 2), fay = &join("fay", 2);
        server.burn({0.5, 0.5, 0.5});
        REQUIRE(server.workers_of("hall").size() == 3);
    }

    ModelClient& join(const std::string& name, int slots) {
        ModelClient& who = server.client("hall", name);
        if (slots > 0) who.wanted = R"("audio":{"slots":)" + std::to_string(slots) + "},";
        who.connect();
        who.enter();
        return who;
    }

    // What the first of these workers lets go to the other.
    Rule rule(uint32_t from, uint32_t to) {
        for (const auto& [ends, rule] : server.worker(from).rules()) {
            if (server.worker(to).pipes().contains(ends.second)) return rule;
        }
        return {};
    }
    size_t rules_set() {
        size_t count = 0;
        for (uint32_t worker = 0; worker < 3; ++worker) count += server.worker(worker).rules_set;
        return count;
    }
    size_t refusals() {
        size_t count = 0;
        for (uint32_t worker = 0; worker < 3; ++worker) count += server.worker(worker).refusals;
        return count;
    }
    uint32_t csrc_of(uint32_t worker, const ModelClient& who) {
        return server.worker(worker).producers().at(std::stoull(who.producer)).csrc;
    }
    static std::string about(const char* peer, const char* name, bool holds) {
        return std::string(R"({"peerId":")") + peer + R"(",")" + name +
               (holds ? R"(":true})" : R"(":false})");
    }
    size_t leaving_paused(uint32_t worker) {
        size_t count = 0;
        for (const auto& [id, leaving] : server.worker(worker).leaving()) count += leaving.paused;
        return count;
    }
};

}  // namespace

TEST_CASE("to a worker where all hear in slots as many cross as there are slots, at most") {
    Hall hall;
    CHECK(hall.rule(0, 1) == Rule{1, {}});
    CHECK(hall.rule(2, 1) == Rule{1, {}});
    CHECK(hall.rule(1, 0) == Rule{2, {}});
    CHECK(hall.rule(0, 2) == Rule{2, {}});
    CHECK(hall.rules_set() == 6);  // one for each way between two, and none when the second came
    CHECK(hall.refusals() == 0);
}

TEST_CASE("with a classic listener there all cross, until she goes") {
    Hall hall;
    hall.server.burn({0.88, 0.5, 0.88});
    ModelClient& gia = hall.join("gia", 0);
    CHECK(hall.rule(0, 1) == Rule{0, {}});
    CHECK(hall.rule(1, 0) == Rule{2, {}});
    gia.ask("leave");
    CHECK(hall.rule(0, 1) == Rule{1, {}});
    CHECK(hall.rules_set() == 10);
    CHECK(hall.refusals() == 0);
}

TEST_CASE("for each voice that a listener has muted one more crosses, and pinned ones always do") {
    Hall hall;
    hall.cat->ask("muteSpeaker", Hall::about("ada", "muted", true));
    CHECK(hall.rule(0, 1) == Rule{2, {}});
    CHECK(hall.rule(2, 1) == Rule{1, {}});
    hall.dan->ask("muteSpeaker", Hall::about("bob", "muted", true));
    CHECK(hall.rule(0, 1) == Rule{2, {}});
    hall.dan->ask("pinSpeaker", Hall::about("eve", "pinned", true));
    CHECK(hall.rule(2, 1) == Rule{1, {hall.csrc_of(2, *hall.eve)}});
    hall.dan->ask("pinSpeaker", Hall::about("eve", "pinned", false));
    CHECK(hall.rule(2, 1) == Rule{1, {}});
    hall.cat->ask("leave");
    hall.dan->ask("muteSpeaker", Hall::about("bob", "muted", false));
    CHECK(hall.rule(0, 1) == Rule{1, {}});
    CHECK(hall.refusals() == 0);
}

TEST_CASE("a worker dies: the rules of the others hold, and those of who moves are made anew") {
    Hall hall;
    hall.server.kill_worker(1);
    CHECK(hall.rule(0, 2) == Rule{2, {}});
    hall.cat->make_transports();
    hall.cat->speak();
    hall.dan->make_transports();
    hall.dan->speak();
    hall.server.advance(1s);
    const auto workers = hall.server.workers_of("hall");
    CHECK(workers.size() == 2);
    CHECK(hall.rule(0, 2) == Rule{2, {}});
    CHECK(hall.rule(2, 0) == Rule{2, {}});
}

TEST_CASE("a controller that comes after a crash knows the rules, or makes them known") {
    Hall hall;
    hall.cat->ask("muteSpeaker", Hall::about("ada", "muted", true));
    hall.dan->ask("pinSpeaker", Hall::about("eve", "pinned", true));
    const Rule pinned = hall.rule(2, 1);
    hall.server.crash_controller();
    CHECK(hall.rule(0, 1) == Rule{2, {}});
    CHECK(hall.rule(2, 1) == pinned);
    for (ModelClient* who : {hall.ada, hall.bob, hall.cat, hall.dan, hall.eve, hall.fay}) {
        who->resume();
    }
    hall.dan->ask("pinSpeaker", Hall::about("eve", "pinned", false));
    CHECK(hall.rule(2, 1) == Rule{1, {}});
    CHECK(hall.refusals() == 0);
}

TEST_CASE("a voice that all who hear it elsewhere have paused does not leave its worker") {
    Hall hall;
    const auto pause = [](ModelClient& who, const char* method) {
        for (const auto& [consumer, whose] : who.consumers) {
            who.ask(method, R"({"consumerId":")" + std::to_string(consumer) + R"("})");
        }
    };
    pause(*hall.cat, "pauseConsumer");
    CHECK(hall.leaving_paused(0) == 0);  // dan listens
    pause(*hall.dan, "pauseConsumer");
    CHECK(hall.leaving_paused(0) == 2);
    CHECK(hall.leaving_paused(2) == 2);
    hall.server.burn({0.88, 0.5, 0.88});
    ModelClient& gia = hall.join("gia", 0);  // hears each in a stream of its own
    CHECK(hall.leaving_paused(0) == 0);
    pause(gia, "pauseConsumer");
    CHECK(hall.leaving_paused(0) == 2);
    pause(*hall.dan, "resumeConsumer");
    CHECK(hall.leaving_paused(0) == 0);
    hall.dan->ask("leave");
    CHECK(hall.leaving_paused(0) == 2);
    gia.ask("leave");
    hall.cat->ask("leave");
    hall.server.advance(61s);
    CHECK(hall.refusals() == 0);
}
