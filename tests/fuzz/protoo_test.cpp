#include <doctest/doctest.h>

#include "tests/fuzz/attack.h"
#include "tests/fuzz/stage.h"

using namespace parley;
using namespace parley::fuzz;

namespace {

// What clients may ask and the simulator's do not.
const std::vector<std::string>& other_texts() {
    static const std::vector<std::string> texts = {
        R"({"request":true,"id":1,"method":"sync","data":{}})",
        R"({"request":true,"id":1,"method":"changeDisplayName","data":{"displayName":"Ada"}})",
        R"({"request":true,"id":1,"method":"getTransportStats","data":{"transportId":"1"}})",
        R"({"request":true,"id":1,"method":"getProducerStats","data":{"producerId":"1"}})",
        R"({"request":true,"id":1,"method":"getConsumerStats","data":{"consumerId":"1"}})",
        R"({"request":true,"id":1,"method":"closeProducer","data":{"producerId":"1"}})",
        R"({"request":true,"id":1,"method":"setConsumerPriority","data":{"consumerId":"1"}})",
        R"({"request":true,"id":1,"method":"produceData","data":{"transportId":"1"}})",
        R"({"request":true,"id":1,"method":"leave","data":{}})",
        R"({"response":true,"id":1,"ok":true,"data":{}})",
        R"({"response":true,"id":2,"ok":false,"errorCode":404,"errorReason":"no"})",
        R"({"notification":true,"method":"bye","data":{}})",
    };
    return texts;
}

// Every round another peer: two of three are guests that have joined, with transports and a voice;
// the third has a connection and has said nothing.
struct Texts final : Attack {
    static constexpr uint64_t kPerPeer = 160;  // below what a peer may say at once

    explicit Texts(uint64_t seed) : stage(seed) {
        stage.rehearse();
        breathe();
    }

    sim::ControllerProcess& machine() { return stage.cluster().machine(); }

    void strike(base::Random& random) override {
        std::string text = mutated_text(random, any(random), any(random));
        if (random.below(4) != 0) number_anew(text);
        machine().on_text(connection, text);
        if (random.below(10) == 0) machine().on_text(connection, text);
        if (random.below(20) == 0) stage.run(1ms);
    }

    void breathe() override {
        stage.run(100ms);
        if (stranger) machine().on_closed(connection);
        stranger = ++peers % 3 == 0;
        if (stranger) {
            connection = ++latest_connection;
            controller::Admission admission;
            admission.room = "standup";
            admission.peer = "stranger";
            if (peers % 2 == 0) admission.session = "";
            machine().on_open(connection, admission);
            return;
        }
        stage.invite({.numbered = peers % 2 == 0});
        joined += stage.run_until(2s, [&] { return stage.guest().settled(); });
        connection = stage.guest_connection();
        number = 1'000;
    }

    const std::string& any(base::Random& random) const {
        const auto& own = stage.guest_texts();
        const uint64_t which = random.below(20);
        const auto& all = which < 12 && !own.empty() ? own
                          : which < 16               ? stage.recording().to_server
                          : which < 19               ? other_texts()
                                                     : stage.recording().to_client;
        return all[random.below(all.size())];
    }

    // A request that was carried out once is not carried out again.
    void number_anew(std::string& text) {
        const std::string before = R"({"request":true,"id":)";
        if (!text.starts_with(before)) return;
        const size_t end = text.find_first_not_of("0123456789", before.size());
        if (end == text.npos) return;
        text.replace(before.size(), end - before.size(), std::to_string(++number));
    }

    Stage stage;
    controller::ConnectionId connection = 0;
    controller::ConnectionId latest_connection = uint64_t{1} << 40;
    bool stranger = false;
    uint64_t number = 1'000;
    uint64_t peers = 0, joined = 0;
};

}  // namespace

TEST_CASE("protoo: mutated messages, of who has joined and who has not, are answered or ignored") {
    Texts texts(options().seed);
    carry_out("protoo", texts, 100'000, Texts::kPerPeer);
    if (!options().whole()) return;
    CHECK(texts.joined > texts.peers / 2);
    CHECK(texts.machine().core().room("standup")->peers.size() <= 4);
}
