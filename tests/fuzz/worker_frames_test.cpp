#include <doctest/doctest.h>

#include "pipe_generated.h"
#include "tests/fuzz/attack.h"
#include "tests/fuzz/mutate.h"
#include "tests/unit/controller/model_server.h"

using namespace parley;
using namespace parley::fuzz;

namespace {

using test::ModelClient;
using test::ModelServer;
using test::ModelWorker;

constexpr uint32_t kHonest = 0;
constexpr uint32_t kHostile = 1;

uint32_t id_in(const Message& reply) {
    const auto* replies = flatbuffers::GetRoot<pipe::Frame>(reply.data())->replies();
    return replies && replies->size() > 0 ? replies->Get(0)->id() : 0;
}

// A frame that is one, with answers that may not be: to what was asked and what was not, once and
// twice, of this kind and that.
Message made_up(base::Random& random, uint32_t id) {
    flatbuffers::FlatBufferBuilder fbb;
    std::vector<flatbuffers::Offset<pipe::Reply>> replies;
    const auto kinds = static_cast<uint64_t>(pipe::ReplyBody::MAX) + 1;
    for (uint64_t count = 1 + random.below(4); count > 0; --count) {
        const auto body = static_cast<pipe::ReplyBody>(random.below(kinds));
        const auto error = random.below(3) == 0 ? static_cast<pipe::ErrorCode>(random.below(9))
                                                : pipe::ErrorCode::None;
        // No fields: a table of any kind, and Done is such a table.
        const auto table = pipe::CreateDone(fbb).Union();
        const auto answered = static_cast<uint32_t>(id + random.below(3));
        replies.push_back(pipe::CreateReply(fbb, answered, error, 0, body, table));
    }
    fbb.Finish(pipe::CreateFrame(fbb, 0, fbb.CreateVector(replies)));
    return {fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize()};
}

// Of two workers one carries Ada and Bob, and the other changes what it answers.
struct HostileWorker final : Attack {
    HostileWorker() { begin(); }

    void begin() {
        ada = bob = carl = nullptr;
        server = std::make_unique<ModelServer>(controller::Options{.workers = 2});
        server->checks = false;  // once a strike is enough: they look at everything
        server->start();
        ada = &server->enter("standup", "ada");
        bob = &server->enter("standup", "bob");
        REQUIRE(server->worker_of("standup") == kHonest);
        said.clear();
    }

    void strike(base::Random& random) override {
        server->trace.clear();
        server->logs.clear();
        server->event_log.clear();
        if (random.below(10) == 0) return strike_snapshot(random);
        bring_carl();
        server->hold_workers = true;
        if (random.below(5) != 0) ask(random);
        deliver_held(random, random.below(8) == 0 ? nullptr : &HostileWorker::tamper);
        if (random.below(3) == 0) notify(random);
        settle();
    }

    // A controller that comes back is told what there is.
    void strike_snapshot(base::Random& random) {
        bring_carl();
        server->hold_workers = true;
        server->crash_controller();
        ++hello;
        deliver_held(random, &HostileWorker::tamper_but_hello);
        deliver_held(random, &HostileWorker::tamper_but_hello);
        settle();
        ada->resume();
        bob->resume();
        // It carries what it did not tell of, under ids that will be given out again.
        server->kill_worker(kHostile);
        carl = nullptr;
    }

    void breathe() override {
        CHECK(server->hears(*ada) == std::set<std::string>{"bob"});
        CHECK(server->hears(*bob) == std::set<std::string>{"ada"});
        begin();
    }

    // What waits for the workers is answered: honestly, and by the hostile one as it likes.
    using Tamper = Message (HostileWorker::*)(base::Random&, const Message&);
    void deliver_held(base::Random& random, Tamper change) {
        while (!server->held.empty()) {
            const auto [index, frame] = server->held.front();
            server->held.pop_front();
            if (!server->workers.at(index)) continue;
            server->worker(index).lies = index == kHostile;
            const Message reply = server->worker(index).on_frame(frame);
            const bool honest = index == kHonest || !change;
            server->from_worker(index, honest ? reply : (this->*change)(random, reply));
            if (index == kHostile) said.push_back(reply);
        }
    }

    Message tamper(base::Random& random, const Message& reply) {
        if (random.below(4) == 0) return made_up(random, id_in(reply));
        return mutated_frame(random, reply, said.empty() ? reply : said[random.below(said.size())]);
    }

    Message tamper_but_hello(base::Random& random, const Message& reply) {
        const bool greets = std::exchange(hello, 0) > 0;
        return greets && random.below(8) != 0 ? reply : tamper(random, reply);
    }

    void notify(base::Random& random) {
        const auto& routers = server->worker(kHonest).routers();
        std::vector<uint64_t> observers{1};
        for (const auto& [router, data] : routers) {
            for (const uint64_t id : server->worker(kHonest).observers(router)) {
                observers.push_back(id);
            }
        }
        const uint64_t observer = observers[random.below(observers.size())];
        const Message levels = ModelWorker::volumes(observer, {{observer + 2, -20}, {7, -30}});
        const Message dominant = ModelWorker::dominant(observer, observer + 4);
        server->from_worker(
            kHostile, mutated_frame(random, random.below(2) == 0 ? levels : dominant, levels));
    }

    // Somebody in a room of the hostile worker's, with two transports and a voice.
    void bring_carl() {
        while (!runs()) server->advance(10s);
        if (carl && carl->connected() && !carl->producer.empty() && ++asked % 16 != 0) return;
        if (carl && carl->connected()) carl->ask("leave");
        open_den();
        if (server->worker_of("den") != kHostile) {
            // It said that it was busy. Of a new process that is forgotten.
            server->kill_worker(kHostile);
            while (!runs()) server->advance(10s);
            open_den();
        }
        REQUIRE(server->worker_of("den") == kHostile);
    }

    void open_den() {
        (void)server->core().close_room(server->now, "den", server->out());
        server->pump();
        carl = &server->enter("den", "carl");
        server->enter("den", "dora");
    }

    bool runs() const {
        const auto workers = server->core().workers(server->now);
        return workers[kHostile].state == controller::WorkerState::Running;
    }

    void ask(base::Random& random) {
        const std::string transport = R"({"transportId":")" + carl->send_transport + R"("})";
        const std::string producer = R"({"producerId":")" + carl->producer + R"("})";
        for (uint64_t times = 1 + random.below(3); times > 0; --times) {
            switch (random.below(6)) {
                case 0: carl->send("createWebRtcTransport", R"({"consuming":true})"); break;
                case 1: carl->send("getTransportStats", transport); break;
                case 2: carl->send("restartIce", transport); break;
                case 3: carl->send("getProducerStats", producer); break;
                case 4: carl->send("pauseProducer", producer); break;
                default: carl->speak(static_cast<uint32_t>(6'000 + random.below(1'000)));
            }
        }
    }

    // What was asked meanwhile is answered as it should be.
    void settle() {
        base::SeededRandom unused(0);
        for (int i = 0; i < 4; ++i) deliver_held(unused, nullptr);
        server->hold_workers = false;
        deliver_held(unused, nullptr);
        deaths += !runs();
        server->core().ensure_invariants();
    }

    std::unique_ptr<ModelServer> server;
    ModelClient* ada = nullptr;
    ModelClient* bob = nullptr;
    ModelClient* carl = nullptr;
    std::vector<Message> said;
    uint64_t asked = 0, hello = 0, deaths = 0;
};

}  // namespace

TEST_CASE("pipe to the controller: mutated frames are heard or cost the worker its life") {
    HostileWorker hostile;
    carry_out("pipe to the controller", hostile, 40'000, 500);
    if (!options().whole()) return;
    CHECK(hostile.deaths > 5'000);
    CHECK(hostile.deaths < 35'000);
}
