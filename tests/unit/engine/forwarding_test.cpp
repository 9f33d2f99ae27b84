#include <doctest/doctest.h>

#include "tests/unit/engine/fixture.h"
#include "worker/rtcp/bye.h"
#include "worker/rtcp/ntp.h"
#include "worker/rtcp/report.h"
#include "worker/rtp/header_extension.h"
#include "worker/rtp/rtp_view.h"

using namespace parley;
using namespace parley::test;
using net::Drop;

namespace {

// Ada speaks (producer 20, SSRC 0x1111); Bob listens (consumer 30).
struct TwoPeople {
    Fixture world;
    bool router = world.create_router(1).ok();
    ModelPeer ada{world, 1, 10, 5001};
    ModelPeer bob{world, 1, 11, 5002};
    uint32_t ssrc = 0;

    TwoPeople() {
        REQUIRE(world.produce(10, 20, {0x1111}).ok());
        const Replied consumed = world.consume(11, 30, 20);
        REQUIRE(consumed.ok());
        ssrc = consumed->body_as_Consumed()->ssrc();
    }

    void speak(uint16_t sequence_number, std::string payload = "voice") {
        Packet packet;
        packet.sequence_number = sequence_number;
        packet.timestamp = 960u * sequence_number;
        packet.payload = std::move(payload);
        ada.send_rtp(rtp_bytes(packet));
    }
};

struct Heard {
    uint32_t ssrc;
    uint16_t sequence_number;
    uint32_t timestamp;
    uint8_t payload_type;
    std::string payload;
};

std::vector<Heard> hear(ModelPeer& peer) {
    std::vector<Heard> heard;
    for (const Bytes& bytes : peer.receive_rtp()) {
        const auto view = rtp::parse_rtp(bytes);
        REQUIRE(view);
        heard.push_back({view->ssrc, view->sequence_number, view->timestamp, view->payload_type,
                         std::string(base::as_text(view->payload))});
    }
    return heard;
}

}  // namespace

TEST_CASE("what one says the other hears, under numbers of the listener's own") {
    TwoPeople room;
    room.speak(100, "hello");
    room.speak(101, "world");
    const auto heard = hear(room.bob);
    REQUIRE(heard.size() == 2);
    CHECK(heard[0].payload == "hello");
    CHECK(heard[1].payload == "world");
    CHECK(heard[0].ssrc == room.ssrc);
    CHECK(heard[0].payload_type == 100);
    CHECK(heard[1].sequence_number == static_cast<uint16_t>(heard[0].sequence_number + 1));
    CHECK(heard[1].timestamp - heard[0].timestamp == 960);
    CHECK(hear(room.ada).empty());  // never one's own voice
}

TEST_CASE("mid and level reach the listener under the ids that the listener agreed to") {
    TwoPeople room;
    Packet packet;
    packet.mid = "0";
    packet.dbov = int8_t{-33};
    room.ada.send_rtp(rtp_bytes(packet));
    const auto received = room.bob.receive_rtp();
    REQUIRE(received.size() == 1);
    const auto view = rtp::parse_rtp(received[0]);
    REQUIRE(view);
    const auto mid = rtp::find_extension(*view, 1);
    REQUIRE(mid);
    CHECK(base::as_text(*mid) == "7");
    const auto level = rtp::find_extension(*view, 10);
    REQUIRE(level);
    CHECK(rtp::parse_audio_level(*level)->dbov == -33);
}

TEST_CASE("nobody in another router hears a thing") {
    TwoPeople room;
    REQUIRE(room.world.create_router(2).ok());
    ModelPeer eve(room.world, 2, 12, 5003);
    const Replied refused = room.world.consume(12, 31, 20);
    CHECK(refused->error() == pipe::ErrorCode::NotFound);
    room.speak(100);
    CHECK(eve.receive_rtp().empty());
}

TEST_CASE("a pause costs the listener no number, and time goes on in the timestamps") {
    TwoPeople room;
    room.speak(100);
    REQUIRE(room.world.pause_consumer(30, true).ok());
    for (uint16_t i = 101; i < 151; ++i) room.speak(i);
    room.world.pass(1s);
    REQUIRE(room.world.pause_consumer(30, false).ok());
    room.speak(151, "back");
    const auto heard = hear(room.bob);
    REQUIRE(heard.size() == 2);
    CHECK(heard[1].payload == "back");
    CHECK(heard[1].sequence_number == static_cast<uint16_t>(heard[0].sequence_number + 1));
    CHECK(heard[1].timestamp - heard[0].timestamp == 48'000);
    CHECK(room.world.drops(Drop::ConsumerPaused) == 50);
}

TEST_CASE("a paused producer is heard by nobody, and its listeners miss no number") {
    TwoPeople room;
    room.speak(100);
    REQUIRE(room.world.pause_producer(20, true).ok());
    room.speak(101);
    REQUIRE(room.world.pause_producer(20, false).ok());
    room.speak(102);
    const auto heard = hear(room.bob);
    REQUIRE(heard.size() == 2);
    CHECK(heard[1].sequence_number == static_cast<uint16_t>(heard[0].sequence_number + 1));
    CHECK(room.world.drops(Drop::ProducerPaused) == 1);
}

TEST_CASE("a producer without an SSRC is found by its mid, and after that by the SSRC") {
    TwoPeople room;
    REQUIRE(room.world.produce(10, 21, {}, "audio").ok());
    REQUIRE(room.world.consume(11, 31, 21).ok());
    Packet packet;
    packet.ssrc = 0x2222;
    room.ada.send_rtp(rtp_bytes(packet));
    CHECK(room.world.drops(Drop::RtpUnknownStream) == 1);
    packet.mid = "audio";
    ++packet.sequence_number;
    room.ada.send_rtp(rtp_bytes(packet));
    packet.mid.clear();
    ++packet.sequence_number;
    room.ada.send_rtp(rtp_bytes(packet));
    CHECK(hear(room.bob).size() == 2);
}

TEST_CASE("a stream that comes back under another SSRC goes on in the listener's numbering") {
    TwoPeople room;
    REQUIRE(room.world.produce(10, 21, {}, "audio").ok());
    REQUIRE(room.world.consume(11, 31, 21).ok());
    Packet packet;
    packet.mid = "audio";
    packet.ssrc = 0x2222;
    room.ada.send_rtp(rtp_bytes(packet));
    packet.ssrc = 0x3333;
    packet.sequence_number = 40'000;
    packet.timestamp = 7;
    room.ada.send_rtp(rtp_bytes(packet));
    const auto heard = hear(room.bob);
    REQUIRE(heard.size() == 2);
    CHECK(heard[1].ssrc == heard[0].ssrc);
    CHECK(heard[1].sequence_number == static_cast<uint16_t>(heard[0].sequence_number + 1));
}

TEST_CASE("another payload type, a duplicate and garbage are dropped by name") {
    TwoPeople room;
    Packet packet;
    packet.payload_type = 0;
    room.ada.send_rtp(rtp_bytes(packet));
    CHECK(room.world.drops(Drop::RtpUnknownPayloadType) == 1);
    room.world.deliver(room.ada.path(), Bytes(60, 0x80));
    CHECK(room.world.drops(Drop::SrtpUnauthenticated) + room.world.drops(Drop::SrtpMalformed) == 1);
    room.world.deliver(net::Path{*net::parse_ip("203.0.113.9", 1), 0}, Bytes(60, 0x80));
    CHECK(room.world.drops(Drop::UnknownPath) == 1);
    room.world.deliver(room.ada.path(), Bytes(60, 0xff));
    CHECK(room.world.drops(Drop::UnknownProtocol) == 1);
    CHECK(room.bob.receive_rtp().empty());
}

TEST_CASE("a listener that moves to another address hears on there") {
    TwoPeople room;
    room.speak(100);
    CHECK(hear(room.bob).size() == 1);
    room.world.pass(2s);
    room.bob.move_to(6002);
    room.bob.check();
    room.speak(101);
    CHECK(hear(room.bob).size() == 1);
}

TEST_CASE("a listener whose consent ran out is sent nothing more, until it checks again") {
    TwoPeople room;
    for (int i = 0; i < 8; ++i) {
        room.world.pass(5s);
        room.ada.check();
    }
    room.speak(100);
    CHECK(room.bob.receive_rtp().empty());
    CHECK(room.world.drops(Drop::ConsumerNotConnected) == 1);
    room.bob.check();
    room.speak(101);
    CHECK(hear(room.bob).size() == 1);
}

TEST_CASE("sender reports say the same moment on the listener's clock") {
    TwoPeople room;
    room.speak(100);
    Bytes report(28);
    base::ByteWriter out(report);
    const uint64_t theirs = 12345;
    rtcp::write_sender_report(out, {0x1111, theirs, 96'000, 1, 5}, {});
    room.ada.send_rtcp(report);
    const auto heard = hear(room.bob);
    REQUIRE(heard.size() == 1);
    room.world.pass(2s);
    const auto compounds = room.bob.receive_rtcp();
    REQUIRE_FALSE(compounds.empty());
    base::ByteReader in(compounds[0]);
    const auto packet = rtcp::parse_rtcp(in);
    REQUIRE(packet);
    const auto sr = rtcp::parse_sender_report(*packet);
    REQUIRE(sr);
    CHECK(sr->info.ssrc == room.ssrc);
    CHECK(sr->info.packets == 1);
    CHECK(sr->info.bytes == 5);
    // The packet of timestamp 96,000 left when the report was heard; the clock has run on since.
    const base::Instant start = room.world.now - 2s;
    const auto passed = static_cast<int64_t>(sr->info.ntp - rtcp::ntp_of(start)) >> 16;
    const auto ticks = static_cast<int64_t>(sr->info.rtp_timestamp - heard[0].timestamp);
    CHECK(std::abs(ticks - passed * 48'000 / 65'536) <= 2);
}

TEST_CASE("a speaker is told what of its stream was lost") {
    TwoPeople room;
    for (uint16_t i = 100; i < 110; ++i) {
        if (i != 104) room.speak(i);
    }
    room.world.pass(2s);
    const auto compounds = room.ada.receive_rtcp();
    REQUIRE_FALSE(compounds.empty());
    base::ByteReader in(compounds[0]);
    const auto packet = rtcp::parse_rtcp(in);
    REQUIRE(packet);
    const auto rr = rtcp::parse_receiver_report(*packet);
    REQUIRE(rr);
    REQUIRE(rr->blocks.size() == 1);
    CHECK(rr->blocks[0].ssrc == 0x1111);
    CHECK(rr->blocks[0].cumulative_lost == 1);
    CHECK(rr->blocks[0].highest_sequence_number == 109);
}

TEST_CASE("what a listener reports is in the statistics, round trip included") {
    TwoPeople room;
    room.speak(100);
    Bytes report(32);
    base::ByteWriter out(report);
    const uint32_t sent = rtcp::middle32(rtcp::ntp_of(room.world.now - 80ms));
    const rtcp::ReportBlock block{room.ssrc, 64, 3, 100, 480, sent, rtcp::to_ntp_units(30ms)};
    rtcp::write_receiver_report(out, 5, std::span(&block, 1));
    room.bob.send_rtcp(report);
    const Replied stats = room.world.transport_stats(11);
    REQUIRE(stats.ok());
    const auto* consumer = stats->body_as_TransportStats()->consumers()->Get(0);
    CHECK(consumer->round_trip_ms() == doctest::Approx(50).epsilon(0.01));
    CHECK(consumer->packets_lost() == 3);
    CHECK(consumer->fraction_lost() == doctest::Approx(0.25));
    CHECK(consumer->jitter_ms() == doctest::Approx(10));
}

TEST_CASE("who leaves is said goodbye for, and nothing of theirs stays") {
    TwoPeople room;
    room.speak(100);
    hear(room.bob);
    REQUIRE(room.world.close_transport(10).ok());
    const auto compounds = room.bob.receive_rtcp();
    REQUIRE(compounds.size() == 1);
    base::ByteReader in(compounds[0]);
    bool goodbye = false;
    while (const auto packet = rtcp::parse_rtcp(in)) {
        const auto bye = rtcp::parse_bye(*packet);
        goodbye = goodbye || (bye && bye->ssrcs[0] == room.ssrc);
    }
    CHECK(goodbye);
    CHECK(room.world.engine.media().producers() == 0);
    CHECK(room.world.engine.media().consumers() == 0);
    CHECK(room.world.engine.media().transports() == 1);
    CHECK(room.world.close_producer(20)->error() == pipe::ErrorCode::NotFound);
    CHECK(room.world.close_consumer(30)->error() == pipe::ErrorCode::NotFound);
}

TEST_CASE("two streams of one transport cannot claim one name") {
    TwoPeople room;
    CHECK(room.world.produce(10, 21, {0x1111})->error() == pipe::ErrorCode::Ssrc);
    REQUIRE(room.world.produce(10, 22, {}, "a").ok());
    CHECK(room.world.produce(10, 23, {}, "a")->error() == pipe::ErrorCode::Ssrc);
    CHECK(room.world.produce(10, 24, {})->error() == pipe::ErrorCode::Malformed);
}

TEST_CASE("an idle room wakes nobody, and one with a voice says how loud it is") {
    Fixture world;
    REQUIRE(world.create_router(1).ok());
    flatbuffers::FlatBufferBuilder fbb;
    REQUIRE(world.ask(fbb, pipe::CreateCreateObserver(fbb, 1, 40, pipe::ObserverKind::AudioLevel,
                                                      250, -60, 5)).ok());
    CHECK(world.engine.next_deadline().is_never());
    ModelPeer ada(world, 1, 10, 5001);
    REQUIRE(world.produce(10, 20, {0x1111}).ok());
    world.pass(250ms);
    world.engine.take_frames();
    for (uint16_t i = 0; i < 13; ++i) {
        ada.send_rtp(rtp_bytes({.sequence_number = i, .timestamp = 960u * i, .dbov = int8_t{-20}}));
        world.pass(20ms);
    }
    std::vector<std::pair<uint64_t, int>> loud;
    for (const Bytes& bytes : world.frames_to(kController)) {
        const auto* frame = flatbuffers::GetRoot<pipe::Frame>(bytes.data());
        for (const auto* notification : *frame->notifications()) {
            const auto* volumes = notification->body_as_Volumes();
            REQUIRE(volumes);
            CHECK(volumes->observer_id() == 40);
            for (const auto* volume : *volumes->volumes()) {
                loud.emplace_back(volume->producer_id(), volume->dbov());
            }
        }
    }
    CHECK(loud == std::vector<std::pair<uint64_t, int>>{{20, -20}});
}
