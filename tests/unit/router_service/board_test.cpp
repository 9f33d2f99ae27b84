#include "router-service/board.h"

#include <doctest/doctest.h>

#include "tests/unit/router_service/beats.h"

namespace parley::router_service {
namespace {

using test::beat_of;
using test::kStart;

struct Looked {
    Picture picture{1, {.forgotten = 1min}};
    Board board;
    uint64_t version = 0;
    uint64_t beats = 0;

    void beat(const std::string& id, double used = 1,
              std::vector<std::optional<double>> each = {0.25, std::nullopt}) {
        auto beat = beat_of(id, ++beats, used);
        beat.region = "eu";
        beat.version = "1.2";
        beat.whole = true;
        beat.load.each = std::move(each);
        picture.on_beat(kStart, beat);
    }
    bool look(Instant now = kStart) { return board.on_look(now, picture, ++version); }
    std::string written(uint64_t since) const {
        JsonWriter json;
        json.object();
        board.write(json, since);
        return json.end_object().take();
    }
};

TEST_CASE("a server is shown with its facts, its load and a letter for each worker") {
    Looked looked;
    looked.beat("a", 1, {0.0, 1.0, std::nullopt, 0.5});
    CHECK(looked.look());
    CHECK(looked.written(0) == R"({"came":[[1,"a","eu","1.2",4,4]],)"
                               R"("now":[[1,"eligible",25,25,0,0,"0z-h",-1]],"gone":[]})");
    CHECK(looked.written(1) == R"({"came":[],"now":[],"gone":[]})");
}

TEST_CASE("only what changed for the eye is told again") {
    Looked looked;
    looked.beat("a", 1.0);
    looked.beat("b", 1.0);
    looked.look();
    looked.beat("a", 1.001);
    CHECK_FALSE(looked.look());
    looked.beat("a", 2.0);
    CHECK(looked.look());
    CHECK(looked.written(1) == R"({"came":[],"now":[[1,"eligible",50,50,0,0,"8-",-1]],"gone":[]})");
    CHECK(looked.written(looked.version) == R"({"came":[],"now":[],"gone":[]})");
}

TEST_CASE("a server that was forgotten is gone; its number is never used again") {
    Looked looked;
    looked.beat("a");
    looked.look();
    looked.picture.on_deadline(kStart + 30s);
    CHECK(looked.look(kStart + 30s));
    CHECK(looked.written(1).find(R"("lost")") != std::string::npos);
    looked.picture.on_deadline(kStart + 2min);
    CHECK(looked.look(kStart + 2min));
    CHECK(looked.board.size() == 0);
    CHECK(looked.written(1) == R"({"came":[],"now":[],"gone":[1]})");
    CHECK(looked.written(0) == R"({"came":[],"now":[],"gone":[]})");
    looked.beat("a");
    looked.look();
    CHECK(looked.written(0).find(R"([[2,"a")") != std::string::npos);
}

TEST_CASE("who looked too long ago to be told who is gone is told everything") {
    Looked looked;
    for (size_t round = 0; round <= Board::kGoneMost; ++round) {
        Picture other{1};
        auto beat = beat_of("s" + std::to_string(round), 1, 1);
        other.on_beat(kStart, beat);
        looked.board.on_look(kStart, other, ++looked.version);
    }
    CHECK(looked.board.knows(2));
    looked.look();
    CHECK_FALSE(looked.board.knows(1));
    CHECK(looked.board.knows(looked.version));
}

TEST_CASE("a drain is told with the time that is left, to ten seconds") {
    Looked looked;
    auto beat = beat_of("a", 1, 1);
    beat.state = cluster::ServerState::Draining;
    beat.drain_left = 65s;
    looked.picture.on_beat(kStart, beat);
    looked.look();
    CHECK(looked.written(0).find(R"("draining",25,25,0,0,"",60])") != std::string::npos);
    CHECK_FALSE(looked.look(kStart + 1s));
    beat.number = 2;
    beat.state = cluster::ServerState::Drained;
    looked.picture.on_beat(kStart, beat);
    looked.look();
    CHECK(looked.written(0).find(R"("drained")") != std::string::npos);
}

TEST_CASE("a server without capacity is full, and one that lies is bounded") {
    Looked looked;
    auto beat = beat_of("a", 1, 100'000);
    beat.load.capacity = 0;
    beat.load.each = {50'000};
    looked.picture.on_beat(kStart, beat);
    looked.look();
    CHECK(looked.written(0).find(R"("full",100,100,0,0,"z",-1])") != std::string::npos);
    beat.number = 2;
    beat.load.capacity = 0.001;
    looked.picture.on_beat(kStart, beat);
    looked.look();
    CHECK(looked.written(0).find(R"("full",999,999)") != std::string::npos);
}

TEST_CASE("a thousand servers take less than half a megabyte") {
    Looked looked;
    for (int server = 0; server < 1'000; ++server) {
        looked.beat("eu-west-" + std::to_string(server), 1,
                    std::vector<std::optional<double>>(32, 0.5));
    }
    looked.look();
    CHECK(looked.board.bytes() < 512 * 1024);
    MESSAGE("bytes of 1,000 servers: " << looked.board.bytes());
    MESSAGE("bytes of all of them told: " << looked.written(0).size());
}

}  // namespace
}  // namespace parley::router_service
