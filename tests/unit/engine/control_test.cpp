#include <doctest/doctest.h>

#include "tests/unit/engine/fixture.h"

using namespace parley;
using namespace parley::test;
using flatbuffers::FlatBufferBuilder;

TEST_CASE("nothing is heard before Hello, and no second Hello after it") {
    Fixture world;
    world.engine.on_controller_connected(world.now, 2);
    FlatBufferBuilder fbb;
    const auto create = pipe::CreateCreateRouter(fbb, 9);
    const Bytes frame = frame_of(fbb, 1, pipe::RequestBody::CreateRouter, create.Union());
    CHECK_FALSE(world.engine.on_frame(world.now, 2, frame, world.out));
    CHECK(world.engine.media().routers().size() == 0);
    CHECK(world.engine.on_frame(world.now, 2, hello_frame(), world.out));
    CHECK_FALSE(world.engine.on_frame(world.now, 2, hello_frame(), world.out));
}

TEST_CASE("another major version is refused with a reason") {
    Fixture world;
    world.engine.on_controller_connected(world.now, 2);
    REQUIRE(world.engine.on_frame(world.now, 2, hello_frame(2), world.out));
    const auto frames = world.frames_to(2);
    REQUIRE(frames.size() == 1);
    const auto* reply = flatbuffers::GetRoot<pipe::Frame>(frames[0].data())->replies()->Get(0);
    CHECK(reply->error() == pipe::ErrorCode::NotSupported);
    CHECK(reply->reason()->str() == "another major version");
}

TEST_CASE("the requests of one frame are carried out and answered in their order") {
    Fixture world;
    FlatBufferBuilder fbb;
    std::vector<flatbuffers::Offset<pipe::Request>> requests;
    requests.push_back(pipe::CreateRequest(fbb, 7, pipe::RequestBody::CreateRouter,
                                           pipe::CreateCreateRouter(fbb, 1).Union()));
    requests.push_back(pipe::CreateRequest(fbb, 8, pipe::RequestBody::CreateRouter,
                                           pipe::CreateCreateRouter(fbb, 1).Union()));
    requests.push_back(pipe::CreateRequest(fbb, 9, pipe::RequestBody::CloseRouter,
                                           pipe::CreateCloseRouter(fbb, 1).Union()));
    fbb.Finish(pipe::CreateFrameDirect(fbb, &requests));
    REQUIRE(world.engine.on_frame(world.now, kController, {fbb.GetBufferPointer(), fbb.GetSize()},
                                  world.out));
    const auto frames = world.frames_to(kController);
    REQUIRE(frames.size() == 1);
    const auto* replies = flatbuffers::GetRoot<pipe::Frame>(frames[0].data())->replies();
    REQUIRE(replies->size() == 3);
    CHECK(replies->Get(0)->id() == 7);
    CHECK(replies->Get(0)->error() == pipe::ErrorCode::None);
    CHECK(replies->Get(1)->error() == pipe::ErrorCode::AlreadyExists);
    CHECK(replies->Get(2)->error() == pipe::ErrorCode::None);
}

TEST_CASE("a controller that comes back is handed what it left, app_data and all") {
    Fixture world;
    REQUIRE(world.create_router(1).ok());
    const Bytes note = {'a', 'd', 'a'};
    REQUIRE(world.create_transport(1, 10, note).ok());
    REQUIRE(world.produce(10, 20, {0x1111}, "0", true).ok());
    REQUIRE(world.create_transport(1, 11).ok());
    const uint32_t ssrc = world.consume(11, 30, 20)->body_as_Consumed()->ssrc();
    REQUIRE(world.pause_consumer(30, true).ok());
    world.engine.on_controller_gone(world.now, kController);
    world.pass(60s);
    CHECK_FALSE(world.engine.finished());

    world.engine.on_controller_connected(world.now, 2);
    REQUIRE(world.engine.on_frame(world.now, 2, hello_frame(), world.out));
    FlatBufferBuilder fbb;
    const auto wanted = pipe::CreateGetSnapshot(fbb);
    world.engine.take_frames();
    REQUIRE(world.engine.on_frame(
        world.now, 2, frame_of(fbb, 2, pipe::RequestBody::GetSnapshot, wanted.Union()), world.out));
    const auto frames = world.frames_to(2);
    REQUIRE(frames.size() == 1);
    const auto* snapshot =
        flatbuffers::GetRoot<pipe::Frame>(frames[0].data())->replies()->Get(0)->body_as_Snapshot();
    REQUIRE(snapshot->routers()->size() == 1);
    const auto* transports = snapshot->routers()->Get(0)->transports();
    REQUIRE(transports->size() == 2);
    const auto* app_data = transports->Get(0)->app_data();
    CHECK(Bytes(app_data->begin(), app_data->end()) == note);
    const auto* producer = transports->Get(0)->producers()->Get(0);
    CHECK(producer->paused());
    CHECK(producer->encodings()->Get(0)->ssrc() == 0x1111);
    const auto* consumer = transports->Get(1)->consumers()->Get(0);
    CHECK(consumer->ssrc() == ssrc);
    CHECK(consumer->producer_id() == 20);
    CHECK(consumer->paused());
}

TEST_CASE("a worker that nobody comes back for ends by itself, not before its time") {
    engine::Options options;
    options.orphan_timeout = 5min;
    Fixture world(1, options);
    world.pass(10min);
    CHECK_FALSE(world.engine.finished());
    world.engine.on_controller_gone(world.now, kController);
    world.pass(5min - 1us);
    CHECK_FALSE(world.engine.finished());
    // A connection that never says Hello is no controller.
    world.engine.on_controller_connected(world.now, 2);
    world.engine.on_controller_gone(world.now, 2);
    world.pass(1us);
    CHECK(world.engine.finished());
}

TEST_CASE("what two controllers make is kept apart, and closed when one of them is gone for long") {
    Fixture world;
    REQUIRE(world.create_router(1).ok());
    constexpr engine::ControllerId kOther = 2;
    world.engine.on_controller_connected(world.now, kOther);
    REQUIRE(world.engine.on_frame(world.now, kOther, hello_frame(1, "other"), world.out));
    world.speaker = kOther;
    REQUIRE(world.create_router(2).ok());
    REQUIRE(world.create_transport(2, 20).ok());
    CHECK(world.create_router(1)->error() == pipe::ErrorCode::AlreadyExists);

    const auto routers_of = [&](engine::ControllerId controller) {
        world.speaker = controller;
        const auto snapshot = world.snapshot();
        std::vector<uint64_t> ids;
        for (const auto* router : *snapshot->body_as_Snapshot()->routers()) {
            ids.push_back(router->router_id());
        }
        return ids;
    };
    CHECK(routers_of(kController) == std::vector<uint64_t>{1});
    CHECK(routers_of(kOther) == std::vector<uint64_t>{2});

    world.engine.on_controller_gone(world.now, kOther);
    world.pass(limits::kOrphaned - 1us);
    CHECK(world.engine.media().transports() == 1);
    world.pass(1us);
    CHECK(world.engine.media().transports() == 0);
    CHECK(world.engine.media().routers().size() == 1);
    CHECK(routers_of(kController) == std::vector<uint64_t>{1});
    world.engine.ensure_invariants();
}

TEST_CASE("values out of range are refused and change nothing") {
    Fixture world;
    REQUIRE(world.create_router(1).ok());
    CHECK(world.create_transport(2, 10)->error() == pipe::ErrorCode::NotFound);
    CHECK(world.create_transport(1, 10, Bytes(limits::kAppDataBytes + 1))->error() ==
          pipe::ErrorCode::Malformed);
    REQUIRE(world.create_transport(1, 10).ok());
    CHECK(world.create_transport(1, 10)->error() == pipe::ErrorCode::AlreadyExists);
    CHECK(world.produce(10, 20, {1}, std::string(17, 'm'))->error() == pipe::ErrorCode::Malformed);
    FlatBufferBuilder fbb;
    CHECK(world.ask(fbb, pipe::CreateConnectTransport(fbb, 10))->error() ==
          pipe::ErrorCode::Malformed);
    FlatBufferBuilder observer;
    CHECK(world
              .ask(observer, pipe::CreateCreateObserver(observer, 1, 5,
                                                        pipe::ObserverKind::AudioLevel, 1, -60, 5))
              ->error() == pipe::ErrorCode::Malformed);
    CHECK(world.engine.media().transports() == 1);
    CHECK(world.engine.media().producers() == 0);
}

TEST_CASE("mutated frames are refused or answered, and break nothing") {
    Fixture world;
    REQUIRE(world.create_router(1).ok());
    REQUIRE(world.create_transport(1, 10).ok());
    REQUIRE(world.produce(10, 20, {0x1111}, "0").ok());
    FlatBufferBuilder fbb;
    const std::vector<pipe::HeaderExtensionId> extensions = {{pipe::HeaderExtension::Mid, 1}};
    const std::vector<uint8_t> app_data = {1, 2, 3};
    const auto consume = pipe::CreateConsumeDirect(fbb, 10, 30, 20, 100, "0", &extensions, "cname",
                                                   false, &app_data);
    const Bytes good = frame_of(fbb, 5, pipe::RequestBody::Consume, consume.Union());
    base::SeededRandom random(3);
    engine::ControllerId controller = 100;
    size_t answered = 0;
    for (int i = 0; i < 20'000; ++i) {
        Bytes bad = good;
        for (uint64_t flips = 1 + random.below(4); flips > 0; --flips) {
            bad[random.below(bad.size())] = static_cast<uint8_t>(random.u32());
        }
        if (random.below(4) == 0) bad.resize(random.below(bad.size() + 1));
        world.engine.on_controller_connected(world.now, ++controller);
        REQUIRE(world.engine.on_frame(world.now, controller, hello_frame(), world.out));
        answered += world.engine.on_frame(world.now, controller, bad, world.out);
        world.engine.on_controller_gone(world.now, controller);
        world.engine.take_frames();
    }
    world.engine.ensure_invariants();
    CHECK(answered > 0);
    CHECK(answered < 20'000);
}

TEST_CASE("every controller is told under which trace a router was opened") {
    Fixture world;
    world.engine.on_controller_connected(world.now, 2);
    REQUIRE(world.engine.on_frame(world.now, 2, hello_frame(), world.out));
    (void)world.frames_to(2);
    FlatBufferBuilder fbb;
    const auto create = pipe::CreateCreateRouterDirect(fbb, 1, nullptr, "4bf9");
    const Bytes frame = frame_of(fbb, 1, pipe::RequestBody::CreateRouter, create.Union());
    REQUIRE(world.engine.on_frame(world.now, kController, frame, world.out));
    const auto frames = world.frames_to(2);
    REQUIRE(frames.size() == 1);
    const auto* said = flatbuffers::GetRoot<pipe::Frame>(frames[0].data())->notifications();
    REQUIRE((said && said->size() == 1));
    const auto* opened = said->Get(0)->body_as_RouterOpened();
    REQUIRE(opened);
    CHECK(opened->router_id() == 1);
    CHECK(opened->trace()->str() == "4bf9");
}

TEST_CASE("a trace that is too long is refused, and makes no router") {
    Fixture world;
    FlatBufferBuilder fbb;
    const std::string trace(65, 'a');
    CHECK_FALSE(
        world.ask(fbb, pipe::CreateCreateRouterDirect(fbb, 1, nullptr, trace.c_str())).ok());
    CHECK(world.engine.media().routers().size() == 0);
}
