#include "worker/srtp/receiver.h"

#include <doctest/doctest.h>

#include "tests/unit/srtp/packets.h"
#include "worker/limits.h"
#include "worker/srtp/sender.h"

using namespace parley;
using namespace parley::srtp;

namespace {

// A speaker and the listener that has the same keys.
struct Line {
    explicit Line(Profile profile, uint64_t seed = 30)
        : random(seed),
          master(random_master(random)),
          sender(profile, master),
          receiver(profile, master) {}

    Packet rtp(uint32_t ssrc, uint16_t sequence_number, size_t payload = 60) {
        return protected_by(rtp_packet(random, ssrc, sequence_number, payload),
                            [&](auto room, size_t size) { return sender.protect_rtp(room, size); });
    }
    Packet rtcp(uint32_t ssrc) {
        return protected_by(rtcp_packet(random, ssrc, 6), [&](auto room, size_t size) {
            return sender.protect_rtcp(room, size);
        });
    }
    std::optional<Error> hear(Packet packet) {
        const auto result = receiver.unprotect_rtp(packet);
        return result ? std::nullopt : std::optional(result.error());
    }
    std::optional<Error> hear_rtcp(Packet packet) {
        const auto result = receiver.unprotect_rtcp(packet);
        return result ? std::nullopt : std::optional(result.error());
    }

    base::SeededRandom random;
    Master master;
    Sender sender;
    Receiver receiver;
};

// Cuts, lengthens, flips or swaps some of the packet.
void mutate(base::Random& random, Packet& packet) {
    switch (random.below(4)) {
        case 0: packet.resize(random.below(packet.size() + 1)); break;
        case 1: packet.insert(packet.end(), random.below(50), 0); break;
        case 2:
            for (int i = 0; i < 3 && !packet.empty(); ++i) {
                packet[random.below(packet.size())] = static_cast<uint8_t>(random.u32());
            }
            break;
        default:
            if (!packet.empty()) packet[random.below(std::min<size_t>(packet.size(), 20))] ^= 0xff;
    }
}

}  // namespace

TEST_CASE("a packet is heard once; late ones are heard, too late ones are not") {
    for (const Profile profile : kProfiles) {
        Line line(profile);
        const Packet first = line.rtp(1, 1'000);
        const Packet late = line.rtp(1, 1'001);
        CHECK(!line.hear(first));
        CHECK(line.hear(first) == Error::Replayed);
        CHECK(!line.hear(line.rtp(1, 1'001 + 127)));
        CHECK(!line.hear(late));
        CHECK(line.hear(late) == Error::Replayed);
        const Packet never = line.rtp(1, 1'002);
        CHECK(!line.hear(line.rtp(1, 1'002 + 128)));
        CHECK(line.hear(never) == Error::Replayed);

        const Packet report = line.rtcp(9);
        CHECK(!line.hear_rtcp(report));
        CHECK(line.hear_rtcp(report) == Error::Replayed);
        const Packet lost = line.rtcp(9);
        for (int i = 0; i < 128; ++i) CHECK(!line.hear_rtcp(line.rtcp(9)));
        CHECK(line.hear_rtcp(lost) == Error::Replayed);
    }
}

TEST_CASE("a stranger's packet changes nothing: neither window nor rollover nor memory") {
    for (const Profile profile : kProfiles) {
        Line line(profile), stranger(profile, 31);
        CHECK(line.hear(stranger.rtp(1, 5)) == Error::Unauthenticated);
        CHECK(line.hear_rtcp(stranger.rtcp(1)) == Error::Unauthenticated);
        CHECK(line.receiver.streams() == 0);
        CHECK(!line.hear(line.rtp(1, 40'000)));
        for (uint32_t i = 0; i < 65'536; i += 500) {
            const auto error = line.hear(stranger.rtp(1, static_cast<uint16_t>(i)));
            CHECK((error == Error::Unauthenticated || error == Error::Replayed));
        }
        CHECK(!line.hear(line.rtp(1, 39'990)));
        CHECK(!line.hear(line.rtp(1, 40'001)));
        CHECK(line.receiver.streams() == 1);
    }
}

TEST_CASE("RTP is not taken for RTCP, nor RTCP for RTP") {
    for (const Profile profile : kProfiles) {
        Line line(profile);
        CHECK(line.hear_rtcp(line.rtp(1, 1)).has_value());
        CHECK(line.hear(line.rtcp(1)).has_value());
    }
}

TEST_CASE("a stream that began before a rollover is followed over it, whatever is lost") {
    for (const Profile profile : kProfiles) {
        Line line(profile);
        CHECK(!line.hear(line.rtp(1, 20'000)));
        line.rtp(1, 40'000);
        CHECK(!line.hear(line.rtp(1, 50'000)));
        line.rtp(1, 65'535);
        CHECK(!line.hear(line.rtp(1, 10)));
        CHECK(!line.hear(line.rtp(1, 30'000)));
        CHECK(!line.hear(line.rtp(1, 60'000)));
        CHECK(!line.hear(line.rtp(1, 0)));
        CHECK(line.sender.highest_index(1) == 2 * 65'536);
    }
}

TEST_CASE("a gap of more than half a turn is heard while no rollover has been") {
    Line line(Profile::AeadAes128Gcm);
    CHECK(!line.hear(line.rtp(1, 10)));
    for (uint16_t i = 1; i < 7; ++i) line.rtp(1, static_cast<uint16_t>(i * 10'000));
    CHECK(!line.hear(line.rtp(1, 60'001)));
}

TEST_CASE("RTCP that is not encrypted is malformed") {
    for (const Profile profile : kProfiles) {
        Line line(profile);
        Packet packet = line.rtcp(1);
        const size_t behind = profile == Profile::AesCm128HmacSha1_80 ? 14 : 4;
        packet[packet.size() - behind] &= 0x7f;
        CHECK(line.hear_rtcp(packet) == Error::Malformed);
    }
}

TEST_CASE("a peer may not make up SSRCs without end, but may replace its streams for ever") {
    Line line(Profile::AeadAes128Gcm);
    CHECK(!line.hear(line.rtp(1, 30'000)));
    for (uint32_t ssrc = 2; ssrc <= limits::kSrtpStreams; ++ssrc) {
        CHECK(!line.hear(line.rtp(ssrc, 1)));
    }
    const Packet one_more = line.rtp(1'000, 1);
    CHECK(line.hear(one_more) == Error::TooManyStreams);
    CHECK(line.receiver.streams() == limits::kSrtpStreams);
    for (uint16_t i = 0; i < HeardStreams::kStale; ++i) {
        REQUIRE(!line.hear(line.rtp(2, static_cast<uint16_t>(2 + i))));
    }
    CHECK(!line.hear(one_more));  // in the place of 1
    CHECK(line.hear(one_more) == Error::Replayed);
    CHECK(!line.hear(line.rtp(1'000, 2)));                     // and not at 1's index
    CHECK(!line.hear(line.rtp(2, 2 + HeardStreams::kStale)));  // still as it was
    CHECK(line.hear(line.rtp(2, 5)) == Error::Replayed);
    CHECK(line.receiver.streams() == limits::kSrtpStreams);
}

TEST_CASE("20,000 mutated packets are refused, and the stream goes on") {
    for (const Profile profile : kProfiles) {
        Line line(profile, 32);
        for (uint16_t i = 0; i < 20'000; ++i) {
            const bool control = i % 4 == 0;
            const Packet good = control ? line.rtcp(7) : line.rtp(7, i, line.random.below(200));
            Packet bad = good;
            mutate(line.random, bad);
            if (bad == good) continue;
            if (line.random.below(8) == 0) {
                REQUIRE((control ? line.hear(bad) : line.hear_rtcp(bad)).has_value());
            }
            REQUIRE((control ? line.hear_rtcp(bad) : line.hear(bad)).has_value());
            if (i % 16 < 2) REQUIRE(!(control ? line.hear_rtcp(good) : line.hear(good)));
        }
        CHECK(line.receiver.streams() == 1);
    }
}

TEST_CASE("a receiver of many streams tells each one's replays from the others' packets") {
    constexpr uint32_t kMany = 3'000;
    Line line(Profile::AeadAes256Gcm);
    line.receiver = Receiver(Profile::AeadAes256Gcm, line.master, kMany);
    std::vector<Packet> first;
    for (uint32_t ssrc = 1; ssrc <= kMany; ++ssrc) {
        first.push_back(line.rtp(ssrc, static_cast<uint16_t>(ssrc)));
        REQUIRE_FALSE(line.hear(first.back()));
    }
    CHECK(line.receiver.streams() == kMany);
    CHECK(line.hear(line.rtp(kMany + 1, 1)) == Error::TooManyStreams);
    for (const Packet& packet : first) CHECK(line.hear(packet) == Error::Replayed);
}
