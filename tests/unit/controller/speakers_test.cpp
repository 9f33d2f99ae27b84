#include <doctest/doctest.h>

#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;

namespace {

struct Talk {
    ModelServer server;
    ModelClient* ada;
    ModelClient* bob;
    std::vector<uint64_t> observers;

    Talk() {
        server.start();
        ada = &server.enter("standup", "ada");
        bob = &server.enter("standup", "bob", false);
        observers = server.worker(0).observers(server.worker(0).routers().begin()->first);
    }

    void levels(std::initializer_list<std::pair<ModelClient*, int>> loud) {
        std::vector<std::pair<uint64_t, int>> volumes;
        for (const auto& [who, dbov] : loud) volumes.emplace_back(std::stoull(who->producer), dbov);
        server.from_worker(0, ModelWorker::volumes(observers[0], volumes));
    }
    void dominant(const ModelClient* who) {
        server.from_worker(0, ModelWorker::dominant(observers[1], std::stoull(who->producer)));
    }
};

}  // namespace

TEST_CASE("the loudest has the floor until somebody is dominant, and silence is said once") {
    Talk talk;
    talk.levels({});
    CHECK(talk.ada->told("activeSpeaker") == 0);
    talk.levels({{talk.bob, -20}, {talk.ada, -40}});
    CHECK(talk.ada->last("activeSpeaker") == R"({"peerId":"bob","volume":-20})");
    CHECK(talk.bob->last("activeSpeaker") == R"({"peerId":"bob","volume":-20})");
    CHECK(talk.server.last_event("speaker.changed").data == R"({"peer":"bob"})");
    talk.dominant(talk.ada);
    CHECK(talk.ada->last("activeSpeaker") == R"({"peerId":"ada","volume":-40})");
    talk.levels({{talk.bob, -10}, {talk.ada, -41}});
    talk.levels({{talk.bob, -10}});  // a pause of the dominant one
    CHECK(talk.ada->told("activeSpeaker") == 2);
    talk.levels({});
    CHECK(talk.ada->last("activeSpeaker") == R"({"peerId":null})");
    talk.levels({});
    CHECK(talk.ada->told("activeSpeaker") == 3);
    talk.levels({{talk.ada, -30}});  // dominant still
    CHECK(talk.ada->last("activeSpeaker") == R"({"peerId":"ada","volume":-30})");
}

TEST_CASE("levels go to numbered sessions alone, and silence is said once") {
    Talk talk;
    talk.levels({{talk.bob, -20}, {talk.ada, -40}});
    CHECK(talk.ada->last("audioLevels") ==
          R"({"levels":[{"peerId":"bob","dbov":-20},{"peerId":"ada","dbov":-40}]})");
    talk.levels({});
    talk.levels({});
    CHECK(talk.ada->told("audioLevels") == 2);
    CHECK(talk.ada->last("audioLevels") == R"({"levels":[]})");
    CHECK(talk.bob->told("audioLevels") == 0);
    talk.ada->lose_connection();
    talk.levels({{talk.bob, -20}});
    talk.ada->resume();  // who was away does not care how loud it was
    CHECK(talk.ada->told("audioLevels") == 2);
    CHECK(talk.ada->last("activeSpeaker") == R"({"peerId":"bob","volume":-20})");
}

TEST_CASE("who leaves while talking has the floor no more") {
    Talk talk;
    talk.levels({{talk.bob, -20}});
    talk.dominant(talk.bob);
    const uint64_t gone = std::stoull(talk.bob->producer);
    talk.bob->lose_connection();
    CHECK(talk.ada->last("activeSpeaker") == R"({"peerId":null})");
    talk.server.from_worker(0, ModelWorker::volumes(talk.observers[0], {{gone, -20}}));
    talk.server.from_worker(0, ModelWorker::dominant(talk.observers[1], gone));
    CHECK(talk.ada->last("activeSpeaker") == R"({"peerId":null})");
    auto& again = talk.server.enter("standup", "bob");
    talk.levels({{&again, -25}});
    CHECK(talk.ada->last("activeSpeaker") == R"({"peerId":"bob","volume":-25})");
}

TEST_CASE("an observer that nobody made is passed over") {
    Talk talk;
    talk.server.from_worker(0, ModelWorker::volumes(1, {{1, -20}}));
    talk.server.from_worker(0, ModelWorker::dominant(1, 1));
    CHECK(talk.ada->told("audioLevels") == 0);
}
