#include <doctest/doctest.h>

#include <array>

#include "tests/unit/engine/two_workers.h"
#include "worker/router/pipe_header.h"
#include "worker/rtcp/nack.h"
#include "worker/rtcp/report.h"

using namespace parley;
using namespace parley::test;
using flatbuffers::FlatBufferBuilder;
using net::Drop;
using router::PipeHeader;

namespace {

const net::Path kThere{*net::parse_ip("127.0.0.1", 40009), 0};

// One worker with a pipe, whose other end is here and has the keys.
struct Other {
    Fixture world;
    srtp::Master key;
    std::optional<srtp::Sender> sender;

    explicit Other(PipeHeader header = {1, PipeHeader::kRepairs}) {
        world.random.fill(key.key);
        world.random.fill(key.salt);
        sender.emplace(srtp::Profile::AeadAes256Gcm, key);
        REQUIRE(world.create_router(1).ok());
        REQUIRE(create_pipe(world, kPipe).ok());
        FlatBufferBuilder fbb;
        const std::vector<uint8_t> bytes(key.key.begin(), key.key.end());
        const std::vector<uint8_t> salt(key.salt.begin(), key.salt.begin() + 12);
        REQUIRE(
            world
                .ask(fbb, pipe::CreateConnectPipeDirect(fbb, kPipe, 0, "127.0.0.1", 40009, &bytes,
                                                        &salt, header.version, header.capabilities))
                .ok());
        FlatBufferBuilder produce;
        REQUIRE(world
                    .ask(produce, pipe::CreatePipeProduce(produce, 1, kPipe, 21, 0x2222, 0x3333,
                                                          111, 48'000))
                    .ok());
    }

    Bytes protect_rtp(Bytes packet) {
        const size_t size = packet.size();
        packet.resize(size + srtp::kMaxOverhead);
        packet.resize(sender->protect_rtp(packet, size));
        return packet;
    }
    Bytes protect_rtcp(base::Bytes packet) {
        Bytes room(packet.begin(), packet.end());
        room.resize(packet.size() + srtp::kMaxOverhead);
        room.resize(sender->protect_rtcp(room, packet.size()));
        return room;
    }
    Bytes voice(uint16_t number, uint32_t ssrc = 0x2222) {
        return protect_rtp(rtp_bytes({.ssrc = ssrc, .sequence_number = number}));
    }
    const pipe::PipeStats& stats() {
        FlatBufferBuilder fbb;
        last = world.ask(fbb, pipe::CreateGetPipeStats(fbb, kPipe));
        return *last->body_as_PipeStats();
    }
    Replied last;
};

}  // namespace

TEST_CASE("of a later version, only what we know is heard") {
    Other other({9, 0xffff});
    CHECK(other.stats().version() == router::PipeHeader::kVersion);
    std::array<uint8_t, 64> room{};
    base::ByteWriter out(room);
    rtcp::write_receiver_report(out, 1, {});
    router::write_pipe_header(out, 1, {7, PipeHeader::kRepairs});
    // A header that has grown by a field, and a kind of APP packet that we have not met.
    out.u16_at(8 + 2, 5);
    out.u32(0xdeadbeef);
    out.u32(0x81cc0002);
    out.u32(1);
    out.put(base::as_bytes("NEW!"));
    REQUIRE(out.ok());
    other.world.deliver(kThere, other.protect_rtcp(base::Bytes(room).first(out.size())));
    CHECK(other.world.drops(Drop::RtcpMalformed) == 0);
    CHECK(other.stats().version() == router::PipeHeader::kVersion);
    CHECK(other.stats().state() == pipe::PipeState::Connected);
    CHECK(other.world.engine.media().find_pipe(kPipe)->repairs());
}

TEST_CASE("an end that says it mends no more is not asked any more") {
    Other other;
    other.world.deliver(kThere, other.voice(100));
    other.world.deliver(kThere, other.voice(102));
    std::array<uint8_t, 64> room{};
    base::ByteWriter out(room);
    router::write_pipe_header(out, 1, {1, 0});
    other.world.deliver(kThere, other.protect_rtcp(base::Bytes(room).first(out.size())));
    CHECK_FALSE(other.world.engine.media().find_pipe(kPipe)->repairs());
    other.world.pass(1s);
    CHECK(other.stats().missing() == 0);
}

TEST_CASE("what is forged, replayed, or of no stream is dropped by its name") {
    Other other;
    const Bytes good = other.voice(100);
    Bytes forged = good;
    forged[20] ^= 1;
    other.world.deliver(kThere, forged);
    CHECK(other.world.drops(Drop::SrtpUnauthenticated) == 1);
    CHECK(other.stats().state() == pipe::PipeState::Connecting);  // a stranger is not heard
    other.world.deliver(kThere, good);
    other.world.deliver(kThere, good);
    CHECK(other.world.drops(Drop::SrtpReplayed) == 1);
    other.world.deliver(kThere, other.voice(1, 0x9999));
    CHECK(other.world.drops(Drop::RtpUnknownStream) == 1);
    other.world.deliver(kThere, Bytes(11, 0x80));
    CHECK(other.world.drops(Drop::SrtpMalformed) == 1);
    other.world.deliver(kThere, Bytes(40, 22));
    CHECK(other.world.drops(Drop::DtlsUnexpected) == 1);
    CHECK(other.world.engine.counters().rtp_received == 1);
}

TEST_CASE("a retransmission without a number, or of another payload type, is dropped") {
    Other other;
    other.world.deliver(kThere, other.voice(100));
    Packet packet{.ssrc = 0x3333, .sequence_number = 5, .payload = "x"};
    other.world.deliver(kThere, other.protect_rtp(rtp_bytes(packet)));
    CHECK(other.world.drops(Drop::RtpMalformed) == 1);
    Packet wrong{.sequence_number = 101, .payload_type = 96};
    wrong.ssrc = 0x2222;
    other.world.deliver(kThere, other.protect_rtp(rtp_bytes(wrong)));
    CHECK(other.world.drops(Drop::RtpUnknownPayloadType) == 1);
}

TEST_CASE("asking for a stream that is none, or for all there is, costs only what is kept") {
    Other other;
    REQUIRE(other.world.create_transport(1, 10).ok());
    REQUIRE(other.world.produce(10, 20, {0x1111}).ok());
    FlatBufferBuilder fbb;
    const Replied consumed = other.world.ask(fbb, pipe::CreatePipeConsume(fbb, 1, kPipe, 30, 20));
    const uint32_t ssrc = consumed->body_as_PipeConsumed()->ssrc();
    std::vector<uint16_t> all(200);
    for (uint16_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i * 300);
    for (const uint32_t of : {ssrc, uint32_t{0x4444}}) {
        Bytes room(rtcp::nack_bytes_max(all.size()));
        base::ByteWriter out(room);
        rtcp::write_nack(out, 1, of, all);
        other.world.deliver(kThere, other.protect_rtcp(base::Bytes(room).first(out.size())));
    }
    CHECK(other.world.drops(Drop::RetransmissionGone) == 200);
    CHECK(other.world.drops(Drop::RtcpMalformed) == 0);
}

TEST_CASE("20,000 mutated datagrams on a pipe's path break nothing, and the stream goes on") {
    Other other;
    base::SeededRandom random(11);
    uint16_t number = 100;
    for (int i = 0; i < 20'000; ++i) {
        // Half are wounded before they are protected: an end gone mad, which has the keys.
        const bool inside = random.below(2) == 0;
        const bool rtcp = random.below(3) == 0;
        Bytes packet;
        if (rtcp) {
            packet.resize(128);
            base::ByteWriter out(packet);
            rtcp::write_sender_report(out, {1, random.u64(), 0, 1, 1}, {});
            router::write_pipe_header(out, 1, {1, PipeHeader::kRepairs});
            const std::vector<uint16_t> asked = {1, 2, 3};
            rtcp::write_nack(out, 1, 0x2222, asked);
            packet.resize(out.size());
        } else {
            const uint32_t ssrc = random.below(2) ? 0x2222 : 0x3333;
            packet = rtp_bytes({.ssrc = ssrc, .sequence_number = ++number, .payload = "voice"});
        }
        const auto wound = [&](Bytes& bytes, size_t from) {
            if (bytes.size() <= from) return;
            bytes[from + random.below(bytes.size() - from)] = static_cast<uint8_t>(random.u32());
            if (random.below(4) == 0) bytes.resize(from + random.below(bytes.size() - from + 1));
        };
        if (inside) wound(packet, 8);
        Bytes datagram = rtcp ? other.protect_rtcp(packet) : other.protect_rtp(packet);
        if (!inside) wound(datagram, 0);
        other.world.deliver(kThere, datagram);
        if (i % 100 == 0) other.world.pass(100ms);
    }
    const auto& counters = other.world.engine.counters();
    CHECK(counters.packets_received == counters.stun_received + counters.dtls_received +
                                           counters.rtcp_received + counters.rtp_received +
                                           counters.drops.total());
    const uint64_t before = counters.rtp_received;
    for (int i = 0; i < 5; ++i) other.world.deliver(kThere, other.voice(++number));
    CHECK(counters.rtp_received >= before + 3);
}
