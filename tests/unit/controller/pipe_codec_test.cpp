#include <doctest/doctest.h>

#include "controller/workers/pipe_codec.h"
#include "flatbuffers/pipe_generated.h"

using namespace parley::controller::workers;
namespace wire = parley::pipe;
namespace fb = flatbuffers;

namespace {

std::string text_of(const fb::Vector<uint8_t>* bytes) {
    REQUIRE(bytes);
    return {bytes->begin(), bytes->end()};
}

Frame parsed(fb::FlatBufferBuilder& b, fb::Offset<wire::Reply> reply) {
    const std::vector<fb::Offset<wire::Reply>> replies = {reply};
    b.Finish(wire::CreateFrameDirect(b, nullptr, &replies));
    const auto frame = parse_frame({b.GetBufferPointer(), b.GetSize()});
    REQUIRE(frame);
    REQUIRE(frame->replies.size() == 1);
    return *frame;
}

const wire::Frame& written(const std::vector<uint8_t>& bytes) {
    fb::Verifier verifier(bytes.data(), bytes.size());
    REQUIRE(wire::VerifyFrameBuffer(verifier));
    return *wire::GetFrame(bytes.data());
}

}  // namespace

TEST_CASE("a worker is asked for a pipe and told of its other end") {
    const std::vector<Request> requests = {
        {1, CreatePipe{7, false, "to w1"}},
        {2,
         ConnectPipe{7, 1, "192.0.2.9", 40001, std::string(32, 'k'), std::string(12, 's'), 3, 1}},
        {3, ClosePipe{7}},
        {4, GetPipeStats{7}}};
    const auto bytes = write_requests(requests);
    const auto& all = *written(bytes).requests();
    const auto* create = all.Get(0)->body_as_CreatePipe();
    CHECK(create->pipe_id() == 7);
    CHECK_FALSE(create->repair());
    CHECK(text_of(create->app_data()) == "to w1");
    const auto* connect = all.Get(1)->body_as_ConnectPipe();
    CHECK(connect->listen() == 1);
    CHECK(connect->ip()->str() == "192.0.2.9");
    CHECK(connect->port() == 40001);
    CHECK(text_of(connect->key()) == std::string(32, 'k'));
    CHECK(text_of(connect->salt()) == std::string(12, 's'));
    CHECK(connect->version() == 3);
    CHECK(connect->capabilities() == 1);
    CHECK(all.Get(2)->body_as_ClosePipe()->pipe_id() == 7);
    CHECK(all.Get(3)->body_as_GetPipeStats()->pipe_id() == 7);
}

TEST_CASE("a worker is asked to let a stream into a pipe, and out of it") {
    const std::vector<Request> requests = {
        {1, PipeConsume{1, 7, 30, 20, true, "in"}},
        {2, PipeProduce{2, 7, 21, 0x1234, 0x5678, 100, 48'000, 9, true, "out"}}};
    const auto bytes = write_requests(requests);
    const auto& all = *written(bytes).requests();
    const auto* consume = all.Get(0)->body_as_PipeConsume();
    CHECK(consume->router_id() == 1);
    CHECK(consume->pipe_id() == 7);
    CHECK(consume->consumer_id() == 30);
    CHECK(consume->producer_id() == 20);
    CHECK(consume->paused());
    CHECK(text_of(consume->app_data()) == "in");
    const auto* produce = all.Get(1)->body_as_PipeProduce();
    CHECK(produce->router_id() == 2);
    CHECK(produce->pipe_id() == 7);
    CHECK(produce->producer_id() == 21);
    CHECK(produce->ssrc() == 0x1234);
    CHECK(produce->rtx_ssrc() == 0x5678);
    CHECK(produce->payload_type() == 100);
    CHECK(produce->clock_rate() == 48'000);
    CHECK(produce->csrc() == 9);
    CHECK(produce->paused());
    CHECK(text_of(produce->app_data()) == "out");
}

TEST_CASE("a rule of a pipe is written whole") {
    const std::vector<Request> requests = {{4, SetPipeRule{1, 7, {3, {8, 9}}}}};
    const auto bytes = write_requests(requests);
    const auto* rule = written(bytes).requests()->Get(0)->body_as_SetPipeRule();
    REQUIRE(rule);
    CHECK(rule->router_id() == 1);
    CHECK(rule->pipe_id() == 7);
    CHECK(rule->loudest() == 3);
    REQUIRE(rule->always()->size() == 2);
    CHECK(rule->always()->Get(1) == 9);
}

TEST_CASE("what a worker answers about pipes is read whole") {
    fb::FlatBufferBuilder b;
    const std::vector<uint8_t> key(32, 1), salt(12, 2);
    const std::vector<fb::Offset<wire::Listen>> listens = {
        wire::CreateListenDirect(b, "10.0.0.1", "203.0.113.5", 40000)};
    const auto body = wire::CreatePipeCreatedDirect(b, &listens, &key, &salt, 1, 1);
    const Frame frame = parsed(b, wire::CreateReply(b, 5, wire::ErrorCode::None, 0,
                                                    wire::ReplyBody::PipeCreated, body.Union()));
    const auto& created = std::get<PipeCreated>(frame.replies[0].body);
    REQUIRE(created.listens.size() == 1);
    CHECK(created.listens[0].announced == "203.0.113.5");
    CHECK(created.listens[0].port == 40000);
    CHECK(created.key == std::string(32, 1));
    CHECK(created.salt == std::string(12, 2));
    CHECK(created.capabilities == 1);
}

TEST_CASE("a snapshot names the pipes, and the streams of each router in them") {
    fb::FlatBufferBuilder b;
    const std::vector<uint8_t> note = {'n'};
    const std::vector<fb::Offset<wire::PipeConsumerSnapshot>> consumers = {
        wire::CreatePipeConsumerSnapshotDirect(b, 7, 30, 20, 11, 12, true, &note)};
    const std::vector<fb::Offset<wire::PipeProducerSnapshot>> producers = {
        wire::CreatePipeProducerSnapshotDirect(b, 7, 21, 13, 14, 100, 48'000, 9, false, &note)};
    const std::vector<fb::Offset<wire::RouterSnapshot>> routers = {
        wire::CreateRouterSnapshotDirect(b, 1, nullptr, nullptr, nullptr, &consumers, &producers)};
    const std::vector<fb::Offset<wire::PipeSnapshot>> pipes = {
        wire::CreatePipeSnapshotDirect(b, 7, wire::PipeState::Silent, "192.0.2.9:40001", &note)};
    const auto body = wire::CreateSnapshotDirect(b, &routers, &pipes);
    const Frame frame = parsed(b, wire::CreateReply(b, 5, wire::ErrorCode::None, 0,
                                                    wire::ReplyBody::Snapshot, body.Union()));
    const auto& snapshot = std::get<Snapshot>(frame.replies[0].body);
    REQUIRE(snapshot.pipes.size() == 1);
    CHECK(snapshot.pipes[0].state == PipeState::Silent);
    CHECK(snapshot.pipes[0].remote == "192.0.2.9:40001");
    CHECK(snapshot.pipes[0].app_data == "n");
    const RouterSnapshot& router = snapshot.routers.at(0);
    REQUIRE(router.pipe_consumers.size() == 1);
    CHECK(router.pipe_consumers[0].rtx_ssrc == 12);
    CHECK(router.pipe_consumers[0].paused);
    REQUIRE(router.pipe_producers.size() == 1);
    CHECK(router.pipe_producers[0].producer == 21);
    CHECK(router.pipe_producers[0].csrc == 9);
    CHECK(router.pipe_producers[0].app_data == "n");
}

TEST_CASE("a controller hears that a pipe has fallen silent") {
    fb::FlatBufferBuilder b;
    const auto body = wire::CreatePipeStateChanged(b, 7, wire::PipeState::Silent);
    const std::vector<fb::Offset<wire::Notification>> notifications = {
        wire::CreateNotification(b, wire::NotificationBody::PipeStateChanged, body.Union())};
    b.Finish(wire::CreateFrameDirect(b, nullptr, nullptr, &notifications));
    const auto frame = parse_frame({b.GetBufferPointer(), b.GetSize()});
    REQUIRE(frame);
    const auto& changed = std::get<PipeStateChanged>(frame->notifications.at(0));
    CHECK(changed.pipe == 7);
    CHECK(changed.state == PipeState::Silent);
}
