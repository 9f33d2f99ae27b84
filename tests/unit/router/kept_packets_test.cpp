#include "worker/router/kept_packets.h"

#include <doctest/doctest.h>

#include <string>

using namespace parley;
using base::Instant;
using router::KeptPackets;

namespace {

struct Voice {
    Instant now = Instant::from_micros(1'800'000'000'000'000);
    KeptPackets kept;

    void keep(uint16_t number, const std::string& payload, const std::string& csrcs = "") {
        rtp::RtpView packet{};
        packet.sequence_number = number;
        packet.timestamp = 960u * number;
        packet.payload = base::as_bytes(payload);
        kept.keep(
            now, packet,
            {.marker = true, .level = rtp::AudioLevel{true, -30}, .csrcs = base::as_bytes(csrcs)});
    }
    std::string find(uint16_t number) const {
        const auto packet = kept.find(now, number);
        return packet ? std::string(base::as_text(packet->payload)) : "gone";
    }
};

}  // namespace

TEST_CASE("a packet is found whole by its number") {
    Voice voice;
    voice.keep(65'535, "last");
    voice.keep(0, "first", "ada_");
    const auto packet = voice.kept.find(voice.now, 0);
    REQUIRE(packet);
    CHECK(base::as_text(packet->payload) == "first");
    CHECK(base::as_text(packet->shared.csrcs) == "ada_");
    CHECK(packet->shared.marker);
    CHECK(packet->shared.level->dbov == -30);
    CHECK(packet->timestamp == 0);
    CHECK(voice.find(65'535) == "last");
    CHECK(voice.find(1) == "gone");
}

TEST_CASE("a number that another has taken the place of is not mistaken for it") {
    Voice voice;
    voice.keep(5, "old");
    voice.keep(5 + limits::kKeptPackets, "new");
    CHECK(voice.find(5) == "gone");
    CHECK(voice.find(5 + limits::kKeptPackets) == "new");
}

TEST_CASE("what is too old is gone") {
    Voice voice;
    voice.keep(5, "word");
    voice.now += limits::kKept;
    CHECK(voice.find(5) == "word");
    voice.now += 1us;
    CHECK(voice.find(5) == "gone");
}

TEST_CASE("long packets push the oldest out, and none is ever found in pieces") {
    Voice voice;
    const auto text = [](uint16_t i) { return std::string(1'000 + i % 97, char('a' + i % 26)); };
    for (uint16_t i = 0; i < 1'000; ++i) {
        voice.keep(i, text(i));
        size_t found = 0;
        for (uint16_t back = 0; back < 40 && back <= i; ++back) {
            const std::string there = voice.find(static_cast<uint16_t>(i - back));
            if (there == "gone") continue;
            REQUIRE(there == text(static_cast<uint16_t>(i - back)));
            ++found;
        }
        CHECK(found >= std::min<size_t>(i + 1u, 13));  // 16 KiB less the end left out
        CHECK(found <= 16);
    }
}
