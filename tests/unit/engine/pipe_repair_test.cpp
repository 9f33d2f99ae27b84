#include <doctest/doctest.h>

#include <set>

#include "tests/unit/engine/two_workers.h"
#include "worker/rtp/rtp_view.h"

using namespace parley;
using namespace parley::test;
using net::Drop;

namespace {

bool is_rtp(base::Bytes datagram) {
    return net::protocol_of(datagram) == net::Protocol::Rtp;
}

// Speaks a word each 20 ms; each way takes `delay`.
void talk(TwoWorkers& room, uint16_t from, uint16_t count, base::Duration delay) {
    for (uint16_t i = 0; i < count; ++i) {
        const auto number = static_cast<uint16_t>(from + i);
        room.speak(number, std::to_string(number));
        room.pass(20ms, delay);
    }
}

std::set<std::string> words(ModelPeer& peer) {
    std::set<std::string> heard;
    for (const Bytes& bytes : peer.receive_rtp()) {
        const auto view = rtp::parse_rtp(bytes);
        REQUIRE(view);
        CHECK(heard.insert(std::string(base::as_text(view->payload))).second);
    }
    return heard;
}

}  // namespace

TEST_CASE("what gets lost in a pipe is asked for and sent again, and heard once") {
    TwoWorkers room;
    room.let_bob_hear_ada();
    base::SeededRandom random(5);
    size_t lost = 0;
    const auto lossy = [&](base::Bytes datagram) {
        const bool arrives = random.below(100) >= 10;
        lost += !arrives && is_rtp(datagram);
        return arrives;
    };
    room.to_second = lossy;
    room.to_first = lossy;
    talk(room, 65'400, 500, 20ms);
    room.to_second = room.to_first = [](base::Bytes) { return true; };
    talk(room, 65'400 + 500 - 65'536, 20, 20ms);
    const size_t heard = words(*room.bob).size();
    CHECK(lost > 30);
    CHECK(heard >= 518);  // of 520: one word in ten thousand is lost four times
    const Replied replied = room.pipe_stats(room.second);
    const auto* stats = replied->body_as_PipeStats();
    CHECK(stats->missing() >= 30);
    CHECK(stats->repaired() + 2 >= stats->missing());
    CHECK(room.second.drops(Drop::SrtpReplayed) == 0);  // no index was used twice
    CHECK(room.first.engine.counters().retransmissions_sent > 30);
}

TEST_CASE("what was overtaken in a pipe is not asked for") {
    TwoWorkers room;
    room.let_bob_hear_ada();
    room.speak(100, "100");
    room.carry();
    Bytes held;
    room.to_second = [&](base::Bytes datagram) {
        if (!is_rtp(datagram) || !held.empty()) return true;
        held.assign(datagram.begin(), datagram.end());
        return false;
    };
    room.speak(101, "101");
    room.speak(102, "102");
    room.carry();
    room.pass(5ms);
    room.second.deliver(room.second_to_first, held);
    room.pass(300ms);
    CHECK(words(*room.bob) == std::set<std::string>{"100", "101", "102"});
    CHECK(room.pipe_stats(room.second)->body_as_PipeStats()->missing() == 0);
    room.second.deliver(room.second_to_first, held);
    CHECK(room.second.drops(Drop::SrtpReplayed) == 1);
}

TEST_CASE("when one end does not mend, the other does not ask, and a gap stays a gap") {
    bool first_mends = false;
    SUBCASE("the end that sends") {
        first_mends = false;
    }
    SUBCASE("the end that hears") {
        first_mends = true;
    }
    TwoWorkers room(first_mends, !first_mends);
    room.let_bob_hear_ada();
    talk(room, 100, 1, 0ms);
    room.to_second = [](base::Bytes datagram) { return !is_rtp(datagram); };
    talk(room, 101, 1, 0ms);
    room.to_second = [](base::Bytes) { return true; };
    talk(room, 102, 20, 0ms);
    const auto packets = room.bob->receive_rtp();
    REQUIRE(packets.size() == 21);
    CHECK(rtp::parse_rtp(packets[1])->sequence_number ==
          static_cast<uint16_t>(rtp::parse_rtp(packets[0])->sequence_number + 2));
    CHECK(room.pipe_stats(room.second)->body_as_PipeStats()->missing() == 0);
    CHECK(room.first.engine.counters().retransmissions_due == 0);
}

TEST_CASE("what is asked for too late is gone, and counted") {
    TwoWorkers room;
    room.let_bob_hear_ada();
    talk(room, 100, 2, 0ms);
    room.to_second = [](base::Bytes datagram) { return !is_rtp(datagram); };
    talk(room, 102, 1, 0ms);
    room.to_second = [](base::Bytes) { return true; };
    room.pass(limits::kKept);
    talk(room, 103, 20, 0ms);
    CHECK(room.first.engine.counters().retransmissions_sent == 0);
    CHECK(room.first.drops(Drop::RetransmissionGone) == limits::kRepairTries);
    CHECK(words(*room.bob).size() == 22);
    CHECK(room.pipe_stats(room.second)->body_as_PipeStats()->missing() == 1);
}

TEST_CASE("packets are kept for a pipe only while it carries them") {
    TwoWorkers room;
    const auto kept = [&] {
        const router::Router* found = nullptr;
        room.first.engine.media().routers().for_each(
            [&](const router::Router& each) { found = &each; });
        return found->find_producer(20)->kept() != nullptr;
    };
    CHECK_FALSE(kept());
    REQUIRE(room.pipe_consume(30, 20, /*paused=*/true).ok());
    CHECK_FALSE(kept());
    REQUIRE(room.first.pause_consumer(30, false).ok());
    CHECK(kept());
    REQUIRE(room.pipe_consume(31, 20).ok());
    REQUIRE(room.first.close_consumer(30).ok());
    CHECK(kept());
    REQUIRE(room.close_pipe(room.first).ok());
    CHECK_FALSE(kept());
}

TEST_CASE("a stream that is paused where it comes out is not asked for") {
    TwoWorkers room;
    room.let_bob_hear_ada();
    talk(room, 100, 2, 0ms);
    REQUIRE(room.second.pause_producer(21, true).ok());
    room.to_second = [](base::Bytes datagram) { return !is_rtp(datagram); };
    talk(room, 102, 1, 0ms);
    room.to_second = [](base::Bytes) { return true; };
    talk(room, 103, 10, 0ms);
    CHECK(room.pipe_stats(room.second)->body_as_PipeStats()->missing() == 0);
    REQUIRE(room.second.pause_producer(21, false).ok());
    talk(room, 113, 2, 0ms);
    CHECK(words(*room.bob).contains("114"));
    CHECK(room.pipe_stats(room.second)->body_as_PipeStats()->missing() == 0);
}
