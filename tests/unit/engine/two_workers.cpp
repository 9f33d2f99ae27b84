#include "tests/unit/engine/two_workers.h"

#include <algorithm>

namespace parley::test {

using flatbuffers::FlatBufferBuilder;

namespace {

constexpr uint16_t kFirstPort = 40000;
constexpr uint16_t kSecondPort = 40001;

engine::Options listening_on(uint16_t port) {
    engine::Options options;
    options.listens = {{*net::parse_ip("127.0.0.1", port), ""}};
    return options;
}

}  // namespace

Replied create_pipe(Fixture& at, uint64_t id, bool repair) {
    FlatBufferBuilder fbb;
    return at.ask(fbb, pipe::CreateCreatePipe(fbb, id, repair));
}

Replied connect_pipe(Fixture& at, uint64_t id, uint16_t port, const pipe::PipeCreated& other,
                     uint16_t version) {
    FlatBufferBuilder fbb;
    const std::vector<uint8_t> key(other.key()->begin(), other.key()->end());
    const std::vector<uint8_t> salt(other.salt()->begin(), other.salt()->end());
    return at.ask(fbb, pipe::CreateConnectPipeDirect(fbb, id, 0, "127.0.0.1", port, &key, &salt,
                                                     version, other.capabilities()));
}

TwoWorkers::TwoWorkers(bool first_repairs, bool second_repairs)
    : first(1, listening_on(kFirstPort)),
      second(2, listening_on(kSecondPort)),
      first_to_second{*net::parse_ip("127.0.0.1", kSecondPort), 0},
      second_to_first{*net::parse_ip("127.0.0.1", kFirstPort), 0} {
    REQUIRE(first.create_router(1).ok());
    REQUIRE(second.create_router(2).ok());
    ada = std::make_unique<ModelPeer>(first, 1, 10, 5001);
    bob = std::make_unique<ModelPeer>(second, 2, 11, 5002);
    REQUIRE(first.produce(10, 20, {0x1111}).ok());
    const Replied here = create_pipe(first, kPipe, first_repairs);
    const Replied there = create_pipe(second, kPipe, second_repairs);
    REQUIRE(here.ok());
    REQUIRE(there.ok());
    REQUIRE(connect_pipe(first, kPipe, kSecondPort, *there->body_as_PipeCreated()).ok());
    REQUIRE(connect_pipe(second, kPipe, kFirstPort, *here->body_as_PipeCreated()).ok());
    pass(10ms);
}

Replied TwoWorkers::pipe_consume(uint64_t consumer, uint64_t producer, bool paused) {
    FlatBufferBuilder fbb;
    return first.ask(fbb, pipe::CreatePipeConsume(fbb, 1, kPipe, consumer, producer, paused));
}

Replied TwoWorkers::pipe_produce(uint64_t producer, PipedSsrcs ssrcs, uint32_t csrc) {
    FlatBufferBuilder fbb;
    return second.ask(fbb, pipe::CreatePipeProduce(fbb, 2, kPipe, producer, ssrcs.ssrc,
                                                   ssrcs.rtx_ssrc, 111, 48'000, csrc));
}

Replied TwoWorkers::close_pipe(Fixture& at) {
    FlatBufferBuilder fbb;
    return at.ask(fbb, pipe::CreateClosePipe(fbb, kPipe));
}

Replied TwoWorkers::pipe_stats(Fixture& at) {
    FlatBufferBuilder fbb;
    return at.ask(fbb, pipe::CreateGetPipeStats(fbb, kPipe));
}

PipedSsrcs TwoWorkers::let_bob_hear_ada() {
    const Replied consumed = pipe_consume(30, 20);
    REQUIRE(consumed.ok());
    const auto* body = consumed->body_as_PipeConsumed();
    const PipedSsrcs ssrcs{body->ssrc(), body->rtx_ssrc()};
    REQUIRE(pipe_produce(21, ssrcs).ok());
    REQUIRE(second.consume(11, 31, 21).ok());
    return ssrcs;
}

void TwoWorkers::speak(uint16_t sequence_number, const std::string& payload) {
    Packet packet;
    packet.sequence_number = sequence_number;
    packet.timestamp = 960u * sequence_number;
    packet.payload = payload;
    packet.dbov = int8_t{-20};
    ada->send_rtp(rtp_bytes(packet));
}

void TwoWorkers::collect(base::Duration delay) {
    for (Bytes& datagram : first.post.take(first_to_second)) {
        if (to_second(datagram)) {
            under_way_.push_back({first.now + delay, false, std::move(datagram)});
        }
    }
    for (Bytes& datagram : second.post.take(second_to_first)) {
        if (to_first(datagram)) {
            under_way_.push_back({second.now + delay, true, std::move(datagram)});
        }
    }
}

bool TwoWorkers::deliver_due() {
    const auto due = std::find_if(under_way_.begin(), under_way_.end(),
                                  [&](const UnderWay& each) { return each.at <= first.now; });
    if (due == under_way_.end()) return false;
    const UnderWay one = std::move(*due);
    under_way_.erase(due);
    if (one.to_first) {
        first.deliver(first_to_second, one.datagram);
    } else {
        second.deliver(second_to_first, one.datagram);
    }
    return true;
}

void TwoWorkers::carry() {
    do collect(0us);
    while (deliver_due());
}

void TwoWorkers::pass(base::Duration time, base::Duration delay) {
    const Instant until = first.now + time;
    for (;;) {
        collect(delay);
        while (deliver_due()) collect(delay);
        Instant next = std::min(first.engine.next_deadline(), second.engine.next_deadline());
        for (const UnderWay& each : under_way_) next = std::min(next, each.at);
        next = std::max(next, first.now);
        if (next > until) break;
        first.pass(next - first.now);
        second.pass(next - second.now);
    }
    first.pass(until - first.now);
    second.pass(until - second.now);
}

}  // namespace parley::test
