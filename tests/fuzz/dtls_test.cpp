#include <doctest/doctest.h>

#include "tests/fuzz/attack.h"
#include "tests/fuzz/stage.h"
#include "worker/dtls/record.h"

using namespace parley;
using namespace parley::fuzz;

namespace {

// Mends the length of the first record to hold all that follows.
void mend_length(Message& message) {
    if (message.size() < dtls::kRecordHeader) return;
    const size_t inside = message.size() - dtls::kRecordHeader;
    message[dtls::kRecordHeader - 2] = static_cast<uint8_t>(inside >> 8);
    message[dtls::kRecordHeader - 1] = static_cast<uint8_t>(inside);
}

// Every round another guest comes in. While it shakes hands, and when it is connected, its
// transports and at times those of the others are sent records that nobody sent.
struct Records final : Attack {
    static constexpr uint64_t kPerGuest = 125;

    explicit Records(uint64_t seed) : stage(seed) {
        stage.rehearse();
        breathe();
    }

    void strike(base::Random& random) override {
        if (random.below(3) == 0) stage.run(1ms);
        const sim::MediaLeg* leg = target(random);
        if (!leg || !leg->connecting()) return;
        handshaking += leg->dtls_state() == dtls::State::Handshaking;
        Message message = mutated(random, any(random), any(random));
        if (random.below(2) == 0) mend_length(message);
        stage.forge(leg->address(), server_of(*leg), message);
        if (random.below(5) == 0) stage.forge(leg->address(), server_of(*leg), message);
    }

    void breathe() override {
        stage.run(100ms);
        const sim::MediaLeg* leg = stage.guest().sending_leg();
        connected += leg && leg->has_keys();
        ++guests;
        stage.cluster().machine().worker(0)->engine().ensure_invariants();
        stage.invite(
            {.numbered = false, .role = guests % 4 == 0 ? dtls::Role::Server : dtls::Role::Client});
        // What is lost and what comes twice or late is sent again and sorted out.
        sim::Conditions& uplink = stage.guest().line().up.conditions;
        uplink.loss = guests % 3 == 0 ? 0.05 : 0;
        uplink.duplication = uplink.reordering = guests % 2 == 0 ? 0.2 : 0;
        stage.run_until(1s, [&] { return !stage.guest_dtls().empty(); });
    }

    const Message& any(base::Random& random) const {
        const auto& own = stage.guest_dtls();
        const auto& all = own.empty() || random.below(2) == 0 ? stage.recording().dtls : own;
        return all[random.below(all.size())].bytes;
    }

    const sim::MediaLeg* target(base::Random& random) {
        const uint64_t who = random.below(10);
        const sim::ModelBrowser& one = who == 0   ? stage.ada().browser()
                                       : who == 1 ? stage.bob().browser()
                                                  : stage.guest();
        return random.below(2) == 0 ? one.sending_leg() : one.receiving_leg();
    }

    Stage stage;
    uint64_t guests = 0;
    uint64_t connected = 0;
    uint64_t handshaking = 0;
};

}  // namespace

TEST_CASE("DTLS: mutated records break no handshake but their own, and no connection") {
    Records records(options().seed);
    carry_out("DTLS", records, 100'000, Records::kPerGuest);
    if (!options().whole()) return;
    CHECK(records.handshaking > 10'000);
    CHECK(records.connected > records.guests / 8);
    CHECK(records.stage.counters().handshakes_failed > 50);
    CHECK(records.stage.counters().drops[net::Drop::DtlsMalformed] > 1'000);
}
