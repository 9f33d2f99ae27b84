#include <doctest/doctest.h>

#include "pipe_generated.h"
#include "tests/fuzz/attack.h"
#include "tests/fuzz/stage.h"

using namespace parley;
using namespace parley::fuzz;

namespace {

using flatbuffers::FlatBufferBuilder;

template <typename T>
Message request(FlatBufferBuilder& fbb, flatbuffers::Offset<T> body) {
    const auto one =
        pipe::CreateRequest(fbb, 1, pipe::RequestBodyTraits<T>::enum_value, body.Union());
    fbb.Finish(pipe::CreateFrame(fbb, fbb.CreateVector(&one, 1)));
    return {fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize()};
}

Message hello() {
    FlatBufferBuilder fbb;
    return request(fbb, pipe::CreateHello(fbb, 1, 0, 0));
}

Message close_router(uint64_t id) {
    FlatBufferBuilder fbb;
    return request(fbb, pipe::CreateCloseRouter(fbb, id));
}

// Of two workers one carries Ada and Bob. The other is spoken to by a second controller, which
// repeats what it has heard, as it was and changed.
struct HostileController final : Attack {
    explicit HostileController(uint64_t seed) : stage(seed, 2) {
        stage.rehearse();
        victim = 1 - machine().core().room("standup")->workers.at(0);
    }

    sim::ControllerProcess& machine() { return stage.cluster().machine(); }

    void strike(base::Random& random) override {
        const auto& said = stage.recording().to_worker;
        if (random.below(2) == 0) send(said[next++ % said.size()]);
        const Message frame =
            mutated_frame(random, said[random.below(said.size())], said[random.below(said.size())]);
        send(frame);
        if (random.below(10) == 0) send(frame);
    }

    // A connection that is closed by the worker is opened again; a worker that was told to end is
    // another one after a while.
    void send(const Message& frame) {
        sim::WorkerProcess* worker = machine().worker(victim);
        if (!worker) return;
        if (pipe == 0) {
            pipe = ++latest_pipe;
            worker->on_controller_connected(pipe);
            REQUIRE(worker->on_frame(pipe, hello()));
        }
        const bool readable = worker->on_frame(pipe, frame);
        ++(readable ? heard : closed);
        if (machine().worker(victim) != worker) {
            pipe = 0;
        } else if (!readable) {
            worker->on_controller_gone(pipe);
            pipe = 0;
        }
    }

    // All that was made is closed again: nothing may be left of it.
    void breathe() override {
        std::vector<uint64_t> routers;
        if (const sim::WorkerProcess* worker = machine().worker(victim)) {
            worker->engine().ensure_invariants();
            worker->engine().media().routers().for_each(
                [&](const router::Router& router) { routers.push_back(router.id()); });
            objects += routers.size() + worker->engine().media().transports();
        }
        for (const uint64_t id : routers) send(close_router(id));
        if (const sim::WorkerProcess* worker = machine().worker(victim)) {
            CHECK(worker->engine().media().routers().size() == 0);
            CHECK(worker->engine().media().transports() == 0);
            CHECK(worker->engine().media().consumers() == 0);
        }
        stage.run(50ms);
        if (machine().worker(victim)) return;
        ++deaths;
        pipe = 0;
        REQUIRE(stage.run_until(12s, [&] { return machine().worker(victim) != nullptr; }));
    }

    Stage stage;
    controller::WorkerIndex victim = 0;
    engine::ControllerId pipe = 0;
    engine::ControllerId latest_pipe = uint64_t{1} << 40;
    size_t next = 0;
    uint64_t heard = 0, closed = 0, objects = 0, deaths = 0;
};

}  // namespace

TEST_CASE("pipe to the worker: mutated frames are answered or end the connection") {
    HostileController hostile(options().seed);
    carry_out("pipe to the worker", hostile, 60'000, 250);
    if (!options().whole()) return;
    CHECK(hostile.heard > 25'000);
    CHECK(hostile.closed > 5'000);
    CHECK(hostile.objects > 500);
}
