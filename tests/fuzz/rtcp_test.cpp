#include <doctest/doctest.h>

#include "tests/fuzz/attack.h"
#include "tests/fuzz/forger.h"
#include "tests/fuzz/stage.h"

using namespace parley;
using namespace parley::fuzz;

namespace {

// What browsers send and the simulator's do not: goodbyes and feedback of all kinds. RFC 3550
// §6.6, §6.7, RFC 4585 §6.2, §6.3, RFC 3611 §2.
const std::vector<Message>& other_packets() {
    static const std::vector<Message> packets = {
        {0x81, 203, 0, 1, 0, 0, 0, 1},
        {0x83, 203, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 3, 'b', 'y', 'e'},
        {0x81, 204, 0, 3, 0, 0, 0, 1, 'n', 'a', 'm', 'e', 1, 2, 3, 4},
        {0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 7, 0xff, 0xff},
        {0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 2, 0, 0, 1, 0, 0x20, 2, 4, 4},
        {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2},
        {0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 1, 0, 0x30, 0x39, 0, 0, 0, 2},
        {0x80, 207, 0, 4, 0, 0, 0, 1, 4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8},
    };
    return packets;
}

// As with RTP: half is changed on its way, half before it is protected.
struct Compounds final : Attack {
    explicit Compounds(uint64_t seed) : stage(seed) {
        stage.rehearse();
        stage.run_until(2s, [&] { return ready(); });
        speaks.emplace(*stage.guest().sending_leg());
        hears.emplace(*stage.guest().receiving_leg());
        plain = stage.recording().rtcp;
        plain.insert(plain.end(), other_packets().begin(), other_packets().end());
    }

    bool ready() {
        const sim::ModelBrowser& guest = stage.guest();
        return guest.sending_leg()->has_keys() && guest.receiving_leg()->has_keys();
    }

    void strike(base::Random& random) override {
        random.below(2) == 0 ? strike_protected(random) : strike_plain(random);
    }

    void breathe() override {
        stage.run(40ms);
        stage.cluster().machine().worker(0)->engine().ensure_invariants();
    }

    void strike_protected(base::Random& random) {
        const auto& all = stage.recording().srtcp;
        const Message message = mutated(random, all[random.below(all.size())].bytes,
                                        all[random.below(all.size())].bytes);
        const sim::ModelBrowser* people[] = {&stage.ada().browser(), &stage.bob().browser(),
                                             &stage.guest()};
        const sim::ModelBrowser& one = *people[random.below(3)];
        const sim::MediaLeg& leg = random.below(2) == 0 ? *one.sending_leg() : *one.receiving_leg();
        for (uint64_t times = random.below(5) == 0 ? 2 : 1; times > 0; --times) {
            stage.forge(leg.address(), server_of(leg), message);
        }
    }

    // One to three packets of a compound, one of them wrong, from an SSRC that may speak.
    void strike_plain(base::Random& random) {
        Message compound;
        for (uint64_t packets = 1 + random.below(3); packets > 0; --packets) {
            Message packet = plain[random.below(plain.size())];
            name_streams(random, packet);
            if (packets == 1) packet = mutated(random, packet, plain[random.below(plain.size())]);
            compound.insert(compound.end(), packet.begin(), packet.end());
        }
        if (compound.size() >= 8 && random.below(8) != 0) {
            const auto speaker = static_cast<uint32_t>(1 + random.below(4));
            base::ByteWriter(std::span<uint8_t>(compound).subspan(4)).u32(speaker);
        }
        (random.below(2) == 0 ? speaks : hears)->send_rtcp(stage, compound);
    }

    // What is said is often about a stream that there is: one that the guest hears, or its own.
    void name_streams(base::Random& random, Message& packet) {
        const uint32_t own = stage.guest().sender().ssrc();
        if (packet.size() < 12 || random.below(2) == 0) return;
        const size_t at = random.below(2) == 0 ? 4 : 8;
        base::ByteWriter(std::span<uint8_t>(packet).subspan(at)).u32(own);
    }

    Stage stage;
    std::optional<Forger> speaks, hears;
    std::vector<Message> plain;
};

}  // namespace

TEST_CASE("RTCP: mutated compounds, authentic and not, change nothing for others") {
    Compounds compounds(options().seed);
    carry_out("RTCP", compounds, 100'000, 250);
    if (!options().whole()) return;
    const router::Counters& counters = compounds.stage.counters();
    CHECK(counters.drops[net::Drop::SrtpUnauthenticated] > 10'000);
    CHECK(counters.drops[net::Drop::RtcpMalformed] > 1'000);
    CHECK(counters.rtcp_received > 10'000);
    // When a voice was recorded is told to its listeners by reports; those of others are as good.
    CHECK(compounds.stage.ada().browser().receiver().worst_sender_report() < 25ms);
    CHECK(compounds.stage.bob().browser().receiver().worst_sender_report() < 25ms);
}
