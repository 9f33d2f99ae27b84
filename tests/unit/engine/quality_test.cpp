#include <doctest/doctest.h>

#include "tests/unit/engine/fixture.h"
#include "tests/unit/engine/two_workers.h"
#include "worker/rtcp/ntp.h"
#include "worker/rtcp/report.h"

using namespace parley;
using namespace parley::test;

namespace {

Replied worker_stats(Fixture& world) {
    flatbuffers::FlatBufferBuilder fbb;
    return world.ask(fbb, pipe::CreateGetWorkerStats(fbb));
}

uint64_t values(const pipe::Histogram* histogram) {
    REQUIRE(histogram != nullptr);
    REQUIRE(histogram->counts()->size() == histogram->bounds()->size() + 1);
    uint64_t sum = 0;
    for (const uint64_t count : *histogram->counts()) sum += count;
    return sum;
}

void speak(ModelPeer& peer, uint16_t sequence_number, uint32_t ssrc = 0x1111) {
    Packet packet;
    packet.ssrc = ssrc;
    packet.sequence_number = sequence_number;
    packet.timestamp = 960u * sequence_number;
    peer.send_rtp(rtp_bytes(packet));
}

// Ada speaks (producer 20), Bob listens (consumer 30).
struct Pair {
    Fixture world;
    bool router = world.create_router(1).ok();
    ModelPeer ada{world, 1, 10, 5001};
    ModelPeer bob{world, 1, 11, 5002};
    uint32_t ssrc = 0;

    explicit Pair(bool paused = false) {
        REQUIRE(world.produce(10, 20, {0x1111}).ok());
        const Replied consumed = world.consume(11, 30, 20, paused);
        REQUIRE(consumed.ok());
        ssrc = consumed->body_as_Consumed()->ssrc();
    }

    void report(const rtcp::ReportBlock& block) {
        Bytes bytes(32);
        base::ByteWriter out(bytes);
        rtcp::write_receiver_report(out, 5, std::span(&block, 1));
        bob.send_rtcp(bytes);
    }
};

}  // namespace

TEST_CASE("what was lost on the way to the worker is in its sums, once") {
    Pair room;
    for (uint16_t i = 100; i < 120; ++i) {
        if (i != 104 && i != 108) speak(room.ada, i);
    }
    room.world.pass(5s);  // three reports and more, all about the same packets
    const Replied stats = worker_stats(room.world);
    const auto* received = stats->body_as_WorkerStats()->quality()->received();
    CHECK(received->packets_expected() == 20);
    CHECK(received->packets_lost() == 2);
    CHECK(values(received->loss_ratio()) == 1);
    CHECK(received->loss_ratio()->sum() == doctest::Approx(0.1));
    CHECK(values(received->jitter_seconds()) == 1);
}

TEST_CASE("what listeners report is in the sums: round trip at once, loss from one to the next") {
    Pair room;
    const uint32_t sent = rtcp::middle32(rtcp::ntp_of(room.world.now - 80ms));
    room.report({room.ssrc, 0, 0, 100, 480, sent, rtcp::to_ntp_units(30ms)});
    room.report({room.ssrc, 64, 5, 150, 960, 0, 0});
    const Replied stats = worker_stats(room.world);
    const auto* quality = stats->body_as_WorkerStats()->quality();
    CHECK(values(quality->round_trip_seconds()) == 1);
    CHECK(quality->round_trip_seconds()->sum() == doctest::Approx(0.05).epsilon(0.01));
    CHECK(quality->sent()->packets_expected() == 50);
    CHECK(quality->sent()->packets_lost() == 5);
    CHECK(values(quality->sent()->jitter_seconds()) == 1);
    CHECK(quality->sent()->jitter_seconds()->sum() == doctest::Approx(0.02));
}

TEST_CASE("a listener that lies skews the numbers no further than a report may count") {
    Pair room;
    room.report({room.ssrc, 0, 0, 100, 0, 0, 0});
    room.report({room.ssrc, 255, 0x7fffff, 0x8000'0000, 0xffff'ffff, 0, 0});   // 2^31 packets
    room.report({room.ssrc, 255, -0x800000, 0x8000'0064, 0xffff'ffff, 0, 0});  // came all, and more
    room.report({room.ssrc, 255, 0x7fffff, 0x8000'0065, 0xffff'ffff, 1, 0});   // lost 2^24 of one
    room.report({room.ssrc, 255, 0, 0x8000'0000, 0, 0, 0});                    // backwards
    const Replied stats = worker_stats(room.world);
    const auto* quality = stats->body_as_WorkerStats()->quality();
    CHECK(quality->sent()->packets_expected() == 101);
    CHECK(quality->sent()->packets_lost() == 1);
    CHECK(quality->sent()->jitter_seconds()->sum() == doctest::Approx(20));
    CHECK(quality->round_trip_seconds()->sum() <= 60);
}

TEST_CASE("the first packet is waited for from when it could come until it did") {
    Pair room(/*paused=*/true);
    room.world.pass(300ms);
    speak(room.ada, 100);  // 300 ms after it could: Bob's client is not ready
    room.world.pass(200ms);
    REQUIRE(room.world.pause_consumer(30, false).ok());
    speak(room.ada, 101);  // 200 ms after the first that was due to Bob
    speak(room.ada, 102);
    const Replied stats = worker_stats(room.world);
    const auto* quality = stats->body_as_WorkerStats()->quality();
    CHECK(values(quality->received()->first_packet_seconds()) == 1);
    CHECK(quality->received()->first_packet_seconds()->sum() == doctest::Approx(0.3));
    CHECK(values(quality->sent()->first_packet_seconds()) == 1);
    CHECK(quality->sent()->first_packet_seconds()->sum() == doctest::Approx(0.2));
}

TEST_CASE("who mutes before the first word is not waited for") {
    Pair room;
    REQUIRE(room.world.pause_producer(20, true).ok());
    room.world.pass(60s);
    REQUIRE(room.world.pause_producer(20, false).ok());
    speak(room.ada, 100);
    const Replied stats = worker_stats(room.world);
    const auto* received = stats->body_as_WorkerStats()->quality()->received();
    CHECK(values(received->first_packet_seconds()) == 0);
}

TEST_CASE("pipes are counted at both ends, with what was lost in them") {
    TwoWorkers room;
    room.let_bob_hear_ada();
    size_t sent = 0;
    room.to_second = [&](base::Bytes) { return ++sent % 10 != 0; };
    for (uint16_t i = 0; i < 200; ++i) {
        room.speak(i);
        room.pass(20ms, 5ms);
    }
    const Replied near = worker_stats(room.first);
    const auto* first = near->body_as_WorkerStats()->pipes();
    CHECK(first->pipes() == 1);
    CHECK(first->connected() == 1);
    CHECK(first->streams_sent() == 1);
    CHECK(first->streams_received() == 0);
    CHECK(first->retransmissions_sent() > 5);
    const Replied far = worker_stats(room.second);
    const auto* second = far->body_as_WorkerStats()->pipes();
    CHECK(second->streams_received() == 1);
    CHECK(second->missing() > 5);
    CHECK(second->repaired() > 5);
    CHECK(second->repaired() <= second->missing());
    CHECK(values(second->round_trip_seconds()) > 0);
}
