#include <doctest/doctest.h>

#include "controller/rooms/app_data.h"
#include "controller/workers/pipe_codec.h"
#include "flatbuffers/pipe_generated.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::test;
using namespace parley::controller;

namespace {

// A few random wounds: bytes changed, taken out, doubled, or the end cut off.
template <typename Bytes>
Bytes wounded(Bytes bytes, base::Random& random) {
    const uint64_t wounds = 1 + random.below(4);
    for (uint64_t i = 0; i < wounds && !bytes.empty(); ++i) {
        const auto at = static_cast<std::ptrdiff_t>(random.below(bytes.size()));
        const auto value = static_cast<typename Bytes::value_type>(random.below(256));
        switch (random.below(5)) {
            case 0: bytes[static_cast<size_t>(at)] = value; break;
            case 1: bytes.erase(bytes.begin() + at); break;
            case 2: bytes.insert(bytes.begin() + at, value); break;
            case 3: bytes.insert(bytes.begin() + at, bytes[static_cast<size_t>(at)]); break;
            case 4:
                if (random.below(4) == 0) bytes.resize(static_cast<size_t>(at));
                break;
        }
    }
    return bytes;
}

std::vector<std::string> conversation(const ModelClient& ada) {
    const std::string transport = R"("transportId":")" + ada.send_transport + "\"";
    const std::string producer = R"("producerId":")" + ada.producer + "\"";
    const auto request = [](const char* method, const std::string& data) {
        return R"({"request":true,"id":5,"method":")" + std::string(method) + R"(","data":{)" +
               data + "}}";
    };
    return {
        request("getRouterRtpCapabilities", ""),
        request("createWebRtcTransport", R"("producing":true,"consuming":false,"forceTcp":false)"),
        request("connectWebRtcTransport",
                transport + R"(,"dtlsParameters":{"role":"client","fingerprints":[)"
                            R"({"algorithm":"sha-256","value":"AA:BB"}]})"),
        request("join", R"("displayName":"A","device":{"a":[1]},"rtpCapabilities":)" +
                            std::string(kBrowser)),
        request("produce", transport + R"(,"kind":"audio","rtpParameters":)" + microphone(77) +
                               R"(,"appData":{"x":1})"),
        request("pauseProducer", producer),
        request("resumeProducer", producer),
        request("changeDisplayName", R"("displayName":"Countess")"),
        request("restartIce", transport),
        request("getTransportStats", transport),
        request("sync", ""),
        R"({"response":true,"id":3,"ok":true,"data":{}})",
        R"({"response":true,"id":3,"ok":false,"errorCode":500,"errorReason":"x"})",
        R"({"notification":true,"method":"x","data":{}})",
    };
}

}  // namespace

TEST_CASE("twenty thousand wounded messages break nothing, and cost nobody a voice") {
    base::SeededRandom random(11);
    for (int round = 0; round < 100; ++round) {
        ModelServer server({}, static_cast<uint64_t>(round));
        server.start();
        auto& ada = server.enter("standup", "ada");
        auto& bob = server.enter("standup", "bob");
        const auto messages = conversation(ada);
        for (int i = 0; i < 200; ++i) {
            if (!ada.connected()) ada.resume();
            if (!ada.connected()) ada.connect();
            ada.send_raw(wounded(messages[random.below(messages.size())], random));
            server.advance(100ms);
        }
        CHECK(bob.connected());
        CHECK(server.hears(ada).size() <= 1);
        CHECK(server.worker(0).shut_down == false);
    }
}

TEST_CASE("twenty thousand wounded frames of a worker are taken, or it is killed: nothing else") {
    base::SeededRandom random(12);
    ModelServer source;
    source.start();
    source.enter("standup", "ada");
    source.enter("standup", "bob");
    namespace fb = flatbuffers;
    std::vector<std::vector<uint8_t>> frames;
    const auto ask = [&](pipe::RequestBody type, auto make) {
        fb::FlatBufferBuilder b;
        const auto body = make(b);
        const std::vector<fb::Offset<pipe::Request>> one = {
            pipe::CreateRequest(b, 7, type, body.Union())};
        const auto all = b.CreateVector(one);
        b.Finish(pipe::CreateFrame(b, all));
        frames.push_back(source.worker(0).on_frame(std::span(b.GetBufferPointer(), b.GetSize())));
    };
    using Body = pipe::RequestBody;
    ask(Body::Hello, [](auto& b) { return pipe::CreateHello(b, 1, 0); });
    ask(Body::GetSnapshot, [](auto& b) { return pipe::CreateGetSnapshot(b); });
    ask(Body::GetWorkerStats, [](auto& b) { return pipe::CreateGetWorkerStats(b); });
    const uint64_t transport = source.worker(0).transports().begin()->first;
    ask(Body::GetTransportStats,
        [&](auto& b) { return pipe::CreateGetTransportStats(b, transport); });
    const uint64_t router = source.worker(0).routers().begin()->first;
    ask(Body::CreateTransport,
        [&](auto& b) { return pipe::CreateCreateTransport(b, router, 123'456'789); });
    const uint64_t producer = source.worker(0).producers().begin()->first;
    const auto observers = source.worker(0).observers(router);
    frames.push_back(ModelWorker::volumes(observers[0], {{producer, -20}}));
    frames.push_back(ModelWorker::dominant(observers[1], producer));
    size_t parsed = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto bytes = wounded(frames[static_cast<size_t>(i) % frames.size()], random);
        parsed += workers::parse_frame(bytes).has_value();
        source.from_worker(0, bytes);
        if (!source.core().ready()) source.advance(10s);
    }
    CHECK(parsed > 100);  // some wounds do no harm
    CHECK(parsed < 19'000);
    CHECK(source.events("worker.lost") > 0);
}

TEST_CASE("a worker that answers for two transports in the wrong order leaves a client the newer") {
    ModelServer server;
    server.start();
    auto& ada = server.client("standup", "ada");
    ada.connect();
    server.hold_workers = true;
    const uint64_t older = ada.send("createWebRtcTransport", R"({"consuming":true})");
    const uint64_t newer = ada.send("createWebRtcTransport", R"({"consuming":true})");
    std::vector<std::vector<uint8_t>> replies;
    for (const auto& [worker, frame] : server.held) {
        replies.push_back(server.worker(worker).on_frame(frame));
    }
    server.held.clear();
    server.hold_workers = false;
    REQUIRE(replies.size() == 2);
    server.from_worker(0, replies[1]);
    server.from_worker(0, replies[0]);
    CHECK(ada.answer_to(newer).starts_with("{\"id\""));
    CHECK(ada.answer_to(older).starts_with("!409"));
    CHECK(server.worker(0).transports().size() == 1);
}

TEST_CASE("a frame that unpacks to more than it is, is none") {
    namespace fb = flatbuffers;
    fb::FlatBufferBuilder b;
    const auto reason = b.CreateString(std::string(10'000, 'x'));
    std::vector<fb::Offset<pipe::Reply>> replies;
    for (int i = 0; i < 20'000; ++i) {  // all name one text: 200 MB of it
        replies.push_back(pipe::CreateReply(b, 1, pipe::ErrorCode::NotFound, reason));
    }
    const auto all = b.CreateVector(replies);
    b.Finish(pipe::CreateFrame(b, 0, all));
    CHECK(!workers::parse_frame({b.GetBufferPointer(), b.GetSize()}).has_value());
    CHECK(!workers::parse_frame({}).has_value());
}

TEST_CASE("a worker's snapshot with wounded data brings back what it can, and no more") {
    base::SeededRandom random(13);
    ModelServer source;
    source.start();
    auto& ada = source.enter("standup", "ada");
    source.enter("standup", "bob");
    source.enter("other", "cat");
    const auto snapshot_of = [](const ModelWorker& worker) {
        std::vector<std::string> data;
        for (const auto& [id, text] : worker.routers()) data.push_back(text);
        for (const auto& [id, t] : worker.transports()) data.push_back(t.app_data);
        for (const auto& [id, p] : worker.producers()) data.push_back(p.app_data);
        return data;
    };
    for (const std::string& data : snapshot_of(source.worker(0))) {
        for (int i = 0; i < 2'000; ++i) {
            const std::string bad = wounded(data, random);
            rooms::parse_room(bad);
            rooms::parse_peer(bad);
            rooms::Producer producer;
            rooms::parse_producer(bad, producer);
        }
    }
    for (int i = 0; i < 300; ++i) {
        ModelServer server;
        server.workers[0] = std::make_unique<ModelWorker>(source.worker(0));
        server.workers[0]->rewrite_app_data([&](const std::string& data) {
            return random.below(3) == 0 ? wounded(data, random) : data;
        });
        server.start();
        CHECK(server.core().ready());
        CHECK(server.core().rooms().size() <= 2);
        server.advance(100s);
        CHECK(server.worker(0).transports().empty());
    }
    CHECK(ada.connected());
}
