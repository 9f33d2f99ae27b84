#include <doctest/doctest.h>

#include "tests/fuzz/attack.h"
#include "tests/fuzz/forger.h"
#include "tests/fuzz/stage.h"

using namespace parley;
using namespace parley::fuzz;

namespace {

// Half of it is what everybody sends, changed on its way, which nobody can pass off as theirs. The
// other half is changed by the guest before it is protected: it arrives, and is forwarded.
struct Packets final : Attack {
    explicit Packets(uint64_t seed) : stage(seed) {
        stage.rehearse();
        stage.run_until(2s, [&] { return stage.guest().sending_leg()->has_keys(); });
        forger.emplace(*stage.guest().sending_leg());
    }

    void strike(base::Random& random) override {
        random.below(2) == 0 ? strike_protected(random) : strike_plain(random);
    }

    void breathe() override {
        stage.run(20ms);
        stage.cluster().machine().worker(0)->engine().ensure_invariants();
    }

    void strike_protected(base::Random& random) {
        const auto& all = stage.recording().srtp;
        const Datagram& model = all[random.below(all.size())];
        const Message message = mutated(random, model.bytes, all[random.below(all.size())].bytes);
        const sim::ModelBrowser* people[] = {&stage.ada().browser(), &stage.bob().browser(),
                                             &stage.guest()};
        const sim::MediaLeg& leg = *people[random.below(3)]->sending_leg();
        for (uint64_t times = random.below(5) == 0 ? 2 : 1; times > 0; --times) {
            stage.forge(leg.address(), server_of(leg), message);
        }
    }

    // Most go on with the stream: the SSRC that was produced, the next number.
    void strike_plain(base::Random& random) {
        const auto& all = stage.recording().rtp;
        Message packet =
            mutated(random, all[random.below(all.size())], all[random.below(all.size())]);
        if (packet.size() >= 12 && random.below(8) != 0) {
            packet[0] = static_cast<uint8_t>((packet[0] & 0x3f) | 0x80);
            if (random.below(8) == 0) packet[0] |= 0x20;  // padding, as its last byte says
            if (random.below(4) != 0) packet[1] = sim::VoiceSender::kPayloadType;
            base::ByteWriter header(std::span<uint8_t>(packet).subspan(2));
            header.u16(++number);
            header.u32(number * 960u);
            header.u32(stage.guest().sender().ssrc());
        }
        forger->send_rtp(stage, packet);
    }

    Stage stage;
    std::optional<Forger> forger;
    uint16_t number = 0;
};

}  // namespace

TEST_CASE("RTP: mutated packets, authentic and not, are dropped or forwarded, and no other is") {
    Packets packets(options().seed);
    carry_out("RTP", packets, 100'000, 200);
    if (!options().whole()) return;
    const router::Counters& counters = packets.stage.counters();
    CHECK(counters.drops[net::Drop::SrtpUnauthenticated] > 10'000);
    CHECK(counters.drops[net::Drop::RtpMalformed] > 1'000);
    CHECK(counters.rtp_received > 10'000);
    CHECK(packets.stage.ada().browser().receiver().packets() > 0);
}
