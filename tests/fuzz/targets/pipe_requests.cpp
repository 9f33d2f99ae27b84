#include "pipe_generated.h"
#include "worker/engine/engine.h"

using namespace parley;

namespace {

struct Nowhere final : net::DatagramSink {
    void send(std::span<const net::Datagram>) override {}
};

flatbuffers::DetachedBuffer hello() {
    flatbuffers::FlatBufferBuilder fbb;
    const auto body = pipe::CreateHello(fbb, 1, 0, 0).Union();
    const auto request = pipe::CreateRequest(fbb, 1, pipe::RequestBody::Hello, body);
    fbb.Finish(pipe::CreateFrame(fbb, fbb.CreateVector(&request, 1)));
    return fbb.Release();
}

}  // namespace

// What a controller says to a worker after Hello.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const auto now = base::Instant::from_micros(1'800'000'000'000'000);
    static const auto identity = dtls::Identity::make(now);
    static const auto greeting = hello();
    base::SeededRandom random(1);
    Nowhere nowhere;
    net::Outbox out(nowhere);
    engine::Engine engine({.worker_id = "fuzz", .pid = 1, .listens = {}}, **identity, random, now);
    engine.on_controller_connected(now, 1);
    (void)engine.on_frame(now, 1, {greeting.data(), greeting.size()}, out);
    (void)engine.on_frame(now, 1, {data, size}, out);
    engine.ensure_invariants();
    return 0;
}
