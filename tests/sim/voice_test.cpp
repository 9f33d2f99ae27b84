#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/sim/voice_receiver.h"
#include "worker/rtcp/ntp.h"
#include "worker/rtp/header_extension.h"
#include "worker/rtp/header_writer.h"

using namespace parley;
using namespace parley::sim;

namespace {

const base::Instant kBegin = base::Instant::from_micros(1'700'000'000'000'000);

// Bob listens in the red room to what is announced as Ada's; what arrives is up to the test.
struct Ears {
    Ears() : said(base::SeededRandom(1), kBegin) {
        red = people.add_room("red");
        blue = people.add_room("blue");
        ada = people.add("ada", red, said);
        bob = people.add("bob", red, said);
        eve = people.add("eve", blue, said);
        receiver.announce({"c1", "ada", 500, 100, "7", 1, 10});
    }

    void deliver(const Word& word, uint32_t ssrc = 500, uint8_t payload_type = 100,
                 std::string mid = "7", int louder = 0) {
        const uint8_t level =
            rtp::AudioLevel{word.voice, static_cast<int8_t>(dbov_of(word) + louder)}.wire();
        const std::array<rtp::ExtensionElement, 2> extensions{
            {{1, base::as_bytes(mid)}, {10, base::Bytes(&level, 1)}}};
        base::ByteWriter out(packet);
        rtp::write_header(out,
                          {.marker = false,
                           .payload_type = payload_type,
                           .sequence_number = static_cast<uint16_t>(word.number),
                           .timestamp = word.timestamp,
                           .ssrc = ssrc},
                          extensions);
        size = out.size() + write_word(word, std::span(packet).subspan(out.size()));
        receiver.on_rtp(kBegin + 1s, std::span(packet).first(size));
    }

    Word word(uint32_t number) const { return {red, ada, number, number * 960, true}; }

    People people;
    Mouth said;
    uint32_t red, blue, ada, bob, eve;
    std::string law;
    VoiceReceiver receiver{people, 0, 1, [this](const std::string& what) {
                               if (law.empty()) law = what;
                           }};
    std::array<uint8_t, 300> packet{};
    size_t size = 0;
};

}  // namespace

TEST_CASE("what was announced is heard, and no law is broken") {
    Ears ears;
    ears.deliver(ears.word(0));
    ears.deliver(ears.word(1));
    CHECK(ears.law == "");
    CHECK(ears.receiver.arrivals(ears.ada).size() == 2);
    CHECK(ears.receiver.rooms() == std::set<uint32_t>{ears.red});
}

TEST_CASE("a voice of another room breaks the law") {
    Ears ears;
    ears.deliver({ears.blue, ears.eve, 0, 0, true});
    CHECK(ears.law == "a voice left its room: eve of blue was heard in red");
}

TEST_CASE("one's own voice breaks the law") {
    Ears ears;
    ears.deliver({ears.red, ears.bob, 0, 0, true});
    CHECK(ears.law == "bob was delivered their own voice");
}

TEST_CASE("a voice in another's name, or changed on its way, breaks the law") {
    Ears first;
    first.receiver.announce({"c2", "carl", 501, 100, "7", 1, 10});
    first.deliver(first.word(0), 501);
    CHECK(first.law == "ada was heard in the name of carl");

    Ears second;
    second.deliver(second.word(0));
    second.packet[second.size - 1] ^= 1;
    second.receiver.on_rtp(kBegin, std::span(second.packet).first(second.size));
    CHECK(second.law == "a voice was changed on its way");
}

TEST_CASE("a stream that is not as it was announced breaks the law") {
    const auto law = [](uint32_t ssrc, uint8_t payload_type, const char* mid, int louder) {
        Ears ears;
        ears.deliver(ears.word(0), ssrc, payload_type, mid, louder);
        return ears.law;
    };
    CHECK(law(500, 100, "7", 0) == "");
    CHECK(law(9, 100, "7", 0) == "bob in red heard an SSRC nobody announced");
    CHECK(law(500, 111, "7", 0) == "not the announced payload type");
    CHECK(law(500, 100, "8", 0) == "not the announced mid");
    CHECK(law(500, 100, "7", 1) == "not the audio level of the word");
}

TEST_CASE("numbers out of the order of the words break the law") {
    Ears ears;
    ears.deliver(ears.word(5));
    Word early = ears.word(6);
    early.timestamp = 0;
    ears.deliver(early);
    CHECK(ears.law == "timestamps go the other way than numbers");
}

TEST_CASE("a sender report is compared with when the words were really said") {
    Ears ears;
    for (int i = 0; i < 3; ++i) ears.said.on_deadline(ears.said.next_deadline());
    const Said& first = ears.said.said()[0];
    ears.deliver({ears.red, ears.ada, 0, 4'000, false});
    std::array<uint8_t, 100> compound{};
    const auto report = [&](base::Instant at, uint32_t timestamp) {
        base::ByteWriter out(compound);
        rtcp::write_sender_report(
            out,
            {.ssrc = 500, .ntp = rtcp::ntp_of(at), .rtp_timestamp = timestamp, .packets = 1,
             .bytes = 1},
            {});
        ears.receiver.on_rtcp(at + 20ms, std::span(compound).first(out.size()));
    };
    report(first.at + 100ms, 4'000 + 4'800);
    CHECK(ears.receiver.worst_sender_report() < 1ms);
    report(first.at + 200ms, 4'000 + 4'800);
    CHECK(ears.receiver.worst_sender_report() > 99ms);
    CHECK(ears.law == "");
}
