#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>

#include "tests/unit/engine/two_workers.h"
#include "worker/rtcp/report.h"
#include "worker/rtp/header_extension.h"
#include "worker/rtp/rtp_view.h"

using namespace parley;
using namespace parley::test;
using flatbuffers::FlatBufferBuilder;
using net::Drop;

namespace {

std::vector<std::string> words(ModelPeer& peer) {
    std::vector<std::string> heard;
    for (const Bytes& bytes : peer.receive_rtp()) {
        const auto view = rtp::parse_rtp(bytes);
        REQUIRE(view);
        heard.emplace_back(base::as_text(view->payload));
    }
    return heard;
}

using Words = std::vector<std::string>;

std::vector<pipe::PipeState> told(Fixture& at) {
    std::vector<pipe::PipeState> states;
    for (const Bytes& bytes : at.frames_to(kController)) {
        const auto* frame = flatbuffers::GetRoot<pipe::Frame>(bytes.data());
        if (!frame->notifications()) continue;
        for (const auto* notification : *frame->notifications()) {
            const auto* changed = notification->body_as_PipeStateChanged();
            if (changed && changed->pipe_id() == kPipe) states.push_back(changed->state());
        }
    }
    return states;
}

}  // namespace

TEST_CASE("a voice goes into one router and comes out of another, in another worker") {
    TwoWorkers room;
    room.let_bob_hear_ada();
    room.speak(100, "hello");
    room.speak(101, "world");
    room.carry();
    const auto packets = room.bob->receive_rtp();
    REQUIRE(packets.size() == 2);
    const auto first = rtp::parse_rtp(packets[0]), second = rtp::parse_rtp(packets[1]);
    CHECK(base::as_text(first->payload) == "hello");
    CHECK(base::as_text(second->payload) == "world");
    CHECK(second->sequence_number == static_cast<uint16_t>(first->sequence_number + 1));
    CHECK(second->timestamp - first->timestamp == 960);
    const auto level = rtp::find_extension(*first, 10);
    REQUIRE(level);
    CHECK(rtp::parse_audio_level(*level)->dbov == -20);
    CHECK(room.first.post.take(room.ada->path()).empty());
}

TEST_CASE("a stream crosses a pipe once, however many listen at its end") {
    TwoWorkers room;
    room.let_bob_hear_ada();
    ModelPeer cid(room.second, 2, 12, 5003);
    REQUIRE(room.second.consume(12, 32, 21).ok());
    size_t crossed = 0;
    room.to_second = [&](base::Bytes datagram) {
        crossed += net::protocol_of(datagram) == net::Protocol::Rtp;
        return true;
    };
    room.speak(100, "hello");
    room.carry();
    CHECK(crossed == 1);
    CHECK(words(*room.bob) == Words{"hello"});
    CHECK(words(cid) == Words{"hello"});
}

TEST_CASE("behind a pipe a voice is heard in a slot by its csrc, and its level is observed") {
    TwoWorkers room;
    const Replied consumed = room.pipe_consume(30, 20);
    const auto* body = consumed->body_as_PipeConsumed();
    REQUIRE(room.pipe_produce(21, {body->ssrc(), body->rtx_ssrc()}, /*csrc=*/77).ok());
    REQUIRE(room.second.consume_slots(11, 40, 1, 5).ok());
    FlatBufferBuilder fbb;
    REQUIRE(room.second
                .ask(fbb, pipe::CreateCreateObserver(fbb, 2, 50, pipe::ObserverKind::AudioLevel,
                                                     300, -60, 5))
                .ok());
    for (uint16_t i = 0; i < 50; ++i) {
        room.speak(static_cast<uint16_t>(100 + i));
        room.pass(20ms);
    }
    const auto packets = room.bob->receive_rtp();
    REQUIRE(packets.size() > 40);
    const std::array<uint8_t, 4> speaker = {0, 0, 0, 77};
    const auto view = rtp::parse_rtp(packets.back());
    CHECK(std::equal(speaker.begin(), speaker.end(), view->csrcs.begin(), view->csrcs.end()));
    bool observed = false;
    for (const Bytes& bytes : room.second.frames_to(kController)) {
        const auto* frame = flatbuffers::GetRoot<pipe::Frame>(bytes.data());
        if (!frame->notifications()) continue;
        for (const auto* notification : *frame->notifications()) {
            const auto* volumes = notification->body_as_Volumes();
            if (!volumes || volumes->volumes()->size() != 1) continue;
            CHECK(volumes->volumes()->Get(0)->producer_id() == 21);
            CHECK(volumes->volumes()->Get(0)->dbov() == -20);
            observed = true;
        }
    }
    CHECK(observed);
}

TEST_CASE("a speaker's clock reaches those who listen behind the pipe") {
    TwoWorkers room;
    room.let_bob_hear_ada();
    room.speak(100);
    std::array<uint8_t, 64> bytes;
    base::ByteWriter out(bytes);
    rtcp::write_sender_report(out, {0x1111, uint64_t{1} << 40, 96'000, 1, 5}, {});
    room.ada->send_rtcp({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(out.size())});
    room.pass(3s);
    room.bob->receive_rtp();
    bool reported = false;
    for (const Bytes& compound : room.bob->receive_rtcp()) {
        base::ByteReader in(compound);
        const auto packet = rtcp::parse_rtcp(in);
        reported = reported || (packet && rtcp::parse_sender_report(*packet));
    }
    CHECK(reported);
}

TEST_CASE("while a stream is paused not a packet of it crosses, and then it goes on") {
    TwoWorkers room;
    room.let_bob_hear_ada();
    room.speak(100, "before");
    room.carry();
    REQUIRE(room.first.pause_consumer(30, true).ok());
    size_t crossed = 0;
    room.to_second = [&](base::Bytes datagram) {
        crossed += net::protocol_of(datagram) == net::Protocol::Rtp;
        return true;
    };
    for (uint16_t i = 101; i < 151; ++i) room.speak(i, "unheard");
    room.pass(1s);
    CHECK(crossed == 0);
    CHECK(room.first.drops(Drop::ConsumerPaused) == 50);
    REQUIRE(room.first.pause_consumer(30, false).ok());
    room.speak(151, "after");
    room.pass(1s);
    CHECK(words(*room.bob) == Words{"before", "after"});
    const Replied stats = room.pipe_stats(room.second);
    CHECK(stats->body_as_PipeStats()->missing() == 0);  // a pause is no loss
}

TEST_CASE("what takes the stream away takes it out of the pipe") {
    TwoWorkers room;
    const PipedSsrcs ssrcs = room.let_bob_hear_ada();
    SUBCASE("the pipe, where it goes in") {
        REQUIRE(room.close_pipe(room.first).ok());
    }
    SUBCASE("the consumer") {
        REQUIRE(room.first.close_consumer(30).ok());
    }
    SUBCASE("the producer") {
        REQUIRE(room.first.close_producer(20).ok());
    }
    SUBCASE("the speaker's transport") {
        REQUIRE(room.first.close_transport(10).ok());
    }
    SUBCASE("the router") {
        FlatBufferBuilder fbb;
        REQUIRE(room.first.ask(fbb, pipe::CreateCloseRouter(fbb, 1)).ok());
    }
    CHECK(room.first.engine.media().consumers() == 0);
    CHECK(room.first.close_consumer(30)->error() == pipe::ErrorCode::NotFound);
    const router::Pipe* left = room.first.engine.media().find_pipe(kPipe);
    CHECK((!left || left->consumers() == 0));
    CHECK(room.second.engine.media().find_pipe(kPipe)->hears(ssrcs.ssrc, 0));
}

TEST_CASE("what takes its end away takes the stream out of the pipe there") {
    TwoWorkers room;
    room.let_bob_hear_ada();
    SUBCASE("the pipe") {
        REQUIRE(room.close_pipe(room.second).ok());
    }
    SUBCASE("the producer that it is there") {
        REQUIRE(room.second.close_producer(21).ok());
    }
    SUBCASE("the router") {
        FlatBufferBuilder fbb;
        REQUIRE(room.second.ask(fbb, pipe::CreateCloseRouter(fbb, 2)).ok());
    }
    CHECK(room.second.engine.media().producers() == 0);
    CHECK(room.second.engine.media().consumers() == 0);
    room.speak(100);
    room.carry();
    CHECK(room.second.drops(Drop::RtpUnknownStream) + room.second.drops(Drop::UnknownPath) == 1);
    const router::Pipe* left = room.second.engine.media().find_pipe(kPipe);
    CHECK((!left || left->streams() == 0));
}

TEST_CASE("a pipe that falls silent is reported, and again when it is heard") {
    TwoWorkers room;
    CHECK(room.pipe_stats(room.first)->body_as_PipeStats()->state() == pipe::PipeState::Connected);
    room.pass(3s);
    const float round_trip = room.pipe_stats(room.first)->body_as_PipeStats()->round_trip_ms();
    CHECK(round_trip >= 0);
    CHECK(round_trip < 1);
    told(room.first);
    told(room.second);
    room.to_first = [](base::Bytes) { return false; };
    room.pass(limits::kPipeSilence + 3s);
    CHECK(told(room.first) == std::vector{pipe::PipeState::Silent});
    CHECK(told(room.second).empty());  // one way only
    room.let_bob_hear_ada();
    room.speak(100, "still");
    room.carry();
    CHECK(words(*room.bob) == Words{"still"});
    room.to_first = [](base::Bytes) { return true; };
    room.pass(3s);
    CHECK(told(room.first) == std::vector{pipe::PipeState::Connected});
}

TEST_CASE("a controller that comes back is handed the pipes, and the streams in them") {
    TwoWorkers room;
    const PipedSsrcs ssrcs = room.let_bob_hear_ada();
    const Replied here = room.first.snapshot(), there = room.second.snapshot();
    const auto* pipes = here->body_as_Snapshot()->pipes();
    REQUIRE(pipes->size() == 1);
    CHECK(pipes->Get(0)->pipe_id() == kPipe);
    CHECK(pipes->Get(0)->state() == pipe::PipeState::Connected);
    CHECK(pipes->Get(0)->remote()->str() == "127.0.0.1:40001");
    const auto* consumers = here->body_as_Snapshot()->routers()->Get(0)->pipe_consumers();
    REQUIRE(consumers->size() == 1);
    CHECK(consumers->Get(0)->consumer_id() == 30);
    CHECK(consumers->Get(0)->producer_id() == 20);
    CHECK(consumers->Get(0)->rtx_ssrc() == ssrcs.rtx_ssrc);
    const auto* producers = there->body_as_Snapshot()->routers()->Get(0)->pipe_producers();
    REQUIRE(producers->size() == 1);
    CHECK(producers->Get(0)->producer_id() == 21);
    CHECK(producers->Get(0)->ssrc() == ssrcs.ssrc);
    CHECK(producers->Get(0)->rtx_ssrc() == ssrcs.rtx_ssrc);
    CHECK(producers->Get(0)->payload_type() == 111);
}

TEST_CASE("two pipes of two controllers join the same workers and are kept apart") {
    constexpr uint64_t kOther = 8;
    TwoWorkers room;
    room.let_bob_hear_ada();
    const Replied here = create_pipe(room.first, kOther), there = create_pipe(room.second, kOther);
    REQUIRE(connect_pipe(room.first, kOther, 40001, *there->body_as_PipeCreated()).ok());
    REQUIRE(connect_pipe(room.second, kOther, 40000, *here->body_as_PipeCreated()).ok());
    room.pass(10s);
    for (Fixture* at : {&room.first, &room.second}) {
        for (const uint64_t id : {kPipe, kOther}) {
            CHECK(at->engine.media().find_pipe(id)->state() == router::PipeState::Connected);
            CHECK(at->engine.media().find_pipe(id)->round_trip().has_value());
        }
        CHECK(at->engine.counters().drops.total() == 0);
    }
    room.speak(100, "both");
    room.carry();
    CHECK(words(*room.bob) == Words{"both"});
    REQUIRE(room.close_pipe(room.first).ok());
    REQUIRE(room.close_pipe(room.second).ok());
    room.pass(10s);
    CHECK(room.first.engine.media().find_pipe(kOther)->state() == router::PipeState::Connected);
    CHECK(room.second.engine.media().find_pipe(kOther)->state() == router::PipeState::Connected);
}

TEST_CASE("requests about pipes that contradict what is there change nothing") {
    TwoWorkers room;
    const PipedSsrcs ssrcs = room.let_bob_hear_ada();
    CHECK(create_pipe(room.first, kPipe)->error() == pipe::ErrorCode::AlreadyExists);
    const Replied other = create_pipe(room.first, 8);
    REQUIRE(other.ok());
    const auto& keys = *other->body_as_PipeCreated();
    CHECK(keys.key()->size() == 32);
    CHECK(keys.salt()->size() == 12);
    CHECK(connect_pipe(room.first, 9, 40001, keys)->error() == pipe::ErrorCode::NotFound);
    CHECK(connect_pipe(room.first, kPipe, 40001, keys)->error() == pipe::ErrorCode::WrongState);
    CHECK(connect_pipe(room.first, 8, 0, keys)->error() == pipe::ErrorCode::Malformed);
    CHECK(connect_pipe(room.first, 8, 40002, keys, 0)->error() == pipe::ErrorCode::Malformed);
    CHECK(room.pipe_consume(30, 20)->error() == pipe::ErrorCode::AlreadyExists);
    CHECK(room.pipe_consume(33, 99)->error() == pipe::ErrorCode::NotFound);
    CHECK(room.pipe_produce(21, {5, 6})->error() == pipe::ErrorCode::AlreadyExists);
    CHECK(room.pipe_produce(22, {ssrcs.ssrc, 6})->error() == pipe::ErrorCode::Ssrc);
    CHECK(room.pipe_produce(22, {5, ssrcs.rtx_ssrc})->error() == pipe::ErrorCode::Ssrc);
    CHECK(room.pipe_produce(22, {ssrcs.rtx_ssrc, 0})->error() == pipe::ErrorCode::Ssrc);
    CHECK(room.pipe_produce(22, {1, 6})->error() == pipe::ErrorCode::Malformed);
    CHECK(room.pipe_produce(22, {5, 5})->error() == pipe::ErrorCode::Malformed);
    CHECK(room.close_pipe(room.first).ok());
    CHECK(room.close_pipe(room.first)->error() == pipe::ErrorCode::NotFound);
    CHECK(room.second.engine.media().producers() == 1);
}

TEST_CASE("each pipe has a key of its own, and no two streams one SSRC") {
    Fixture world;
    REQUIRE(world.create_router(1).ok());
    REQUIRE(world.create_transport(1, 10).ok());
    REQUIRE(world.produce(10, 20, {0x1111}).ok());
    std::set<std::string> keys;
    for (uint64_t id = 1; id <= 20; ++id) {
        const Replied made = create_pipe(world, id);
        const auto* key = made->body_as_PipeCreated()->key();
        keys.emplace(key->begin(), key->end());
    }
    CHECK(keys.size() == 20);
    std::set<uint32_t> ssrcs;
    for (uint64_t id = 1; id <= 300; ++id) {
        FlatBufferBuilder fbb;
        const Replied made = world.ask(fbb, pipe::CreatePipeConsume(fbb, 1, 1, 100 + id, 20));
        REQUIRE(made.ok());
        ssrcs.insert(made->body_as_PipeConsumed()->ssrc());
        ssrcs.insert(made->body_as_PipeConsumed()->rtx_ssrc());
        if (id % 2) REQUIRE(world.close_consumer(100 + id).ok());
    }
    CHECK(ssrcs.size() == 600);
}
