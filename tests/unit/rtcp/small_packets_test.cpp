// SDES, BYE and feedback: the packets that are read in a few lines.
#include <doctest/doctest.h>

#include <array>
#include <string>

#include "common/base/random.h"
#include "packets.h"
#include "worker/rtcp/bye.h"
#include "worker/rtcp/feedback.h"
#include "worker/rtcp/report.h"
#include "worker/rtcp/source_description.h"

using namespace parley;
using namespace parley::rtcp;

namespace {

// A packet and the bytes it borrows from.
struct Packet {
    explicit Packet(std::string_view text) : bytes(hex(text)) {
        base::ByteReader in(bytes);
        const auto parsed = parse_rtcp(in);
        REQUIRE(parsed);
        view = *parsed;
    }

    std::vector<uint8_t> bytes;
    RtcpView view;
};

std::vector<std::string> cnames_of(std::string_view text) {
    const Packet packet(text);
    base::ByteReader in(packet.view.body);
    std::vector<std::string> names;
    for (int i = 0; i < packet.view.count; ++i) {
        const auto chunk = parse_sdes_chunk(in);
        names.push_back(chunk ? std::to_string(chunk->ssrc) + " " +
                                    std::string(base::as_text(chunk->cname))
                              : "broken");
    }
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the CNAME of each chunk is read, among other items") {
    CHECK(cnames_of(kSourceDescriptionHex) == Names{"10 ada1"});
    CHECK(cnames_of("82 ca 0006 0000000a 02 01 78 01 01 61 00 00 "  // NAME x, CNAME a
                    "0000000b 01 02 6262 00 00 00 00") == Names{"10 a", "11 bb"});
    CHECK(cnames_of("81 ca 0002 0000000a 00000000") == Names{"10 "});
}

TEST_CASE("a chunk that is not ended, or reaches past its end, is refused") {
    CHECK(cnames_of("81 ca 0002 0000000a 01 02 6161") == Names{"broken"});
    CHECK(cnames_of("81 ca 0002 0000000a 01 03 6161") == Names{"broken"});
    CHECK(cnames_of("81 ca 0001 0000000a") == Names{"broken"});
    CHECK(cnames_of("82 ca 0002 0000000a 00000000") == Names{"10 ", "broken"});
}

TEST_CASE("a CNAME is written ended, in whole words, whatever its length") {
    for (size_t size = 0; size <= 255; ++size) {
        const std::string name(size, 'n');
        std::array<uint8_t, 300> room{};
        base::ByteWriter out(room);
        write_sdes_cname(out, 10, name);
        REQUIRE(out.ok());
        REQUIRE(out.size() % 4 == 0);
        base::ByteReader in(out.written());
        const auto packet = parse_rtcp(in);
        REQUIRE(packet);
        base::ByteReader chunks(packet->body);
        const auto chunk = parse_sdes_chunk(chunks);
        REQUIRE(chunk);
        CHECK(chunk->ssrc == 10);
        CHECK(base::as_text(chunk->cname) == name);
        CHECK(chunks.empty());
    }
}

TEST_CASE("who leaves is read, with the reason and without") {
    const Packet packet(kByeHex);
    const auto bye = parse_bye(packet.view);
    REQUIRE(bye);
    REQUIRE(bye->ssrcs.size() == 2);
    CHECK(bye->ssrcs[0] == 10);
    CHECK(bye->ssrcs[1] == 11);
    CHECK(base::as_text(bye->reason) == "gone");
    const Packet silent("81 cb 0001 0000000a");
    CHECK(parse_bye(silent.view)->reason.empty());
    CHECK(parse_bye(Packet("80 cb 0000").view)->ssrcs.size() == 0);
}

TEST_CASE("a goodbye shorter than what it counts is refused") {
    CHECK_FALSE(parse_bye(Packet("82 cb 0001 0000000a").view));
    CHECK_FALSE(parse_bye(Packet("81 cb 0002 0000000a 04 676f6e").view));
    CHECK_FALSE(parse_bye(Packet(kSourceDescriptionHex).view));
}

TEST_CASE("a goodbye writes as it is read") {
    std::array<uint8_t, 12> room{};
    base::ByteWriter out(room);
    write_bye(out, std::array<uint32_t, 2>{10, 11});
    REQUIRE(out.ok());
    CHECK(std::vector<uint8_t>(room.begin(), room.end()) == hex("82 cb 0002 0000000a 0000000b"));
}

TEST_CASE("feedback says its format, its sender and the stream it is about") {
    const Packet packet(kTransportFeedbackHex);
    const auto feedback = parse_feedback(packet.view);
    REQUIRE(feedback);
    CHECK(feedback->type == kTransportFeedback);
    CHECK(feedback->format == 15);
    CHECK(feedback->sender_ssrc == 10);
    CHECK(feedback->media_ssrc == 11);
    CHECK(feedback->control_information.size() == 8);
    CHECK(feedback->control_information[1] == 1);
    CHECK(parse_feedback(Packet("81 ce 0002 0000000a 0000000b").view)->type == kPayloadFeedback);
    CHECK_FALSE(parse_feedback(Packet("81 ce 0001 0000000a").view));
    CHECK_FALSE(parse_feedback(Packet(kByeHex).view));
}

TEST_CASE("twenty thousand damaged compounds are read without leaving their bytes") {
    base::SeededRandom random(3551);
    const auto compound = hex(std::string(kSenderReportHex) + std::string(kSourceDescriptionHex) +
                              std::string(kReceiverReportHex) + std::string(kTransportFeedbackHex) +
                              std::string(kExtendedReportHex) + std::string(kByeHex));
    uint32_t sum = 0;  // of all that is read, so that nothing is read in vain
    int packets = 0, broken = 0;
    for (int round = 0; round < 20'000; ++round) {
        auto bytes = compound;
        for (uint64_t flips = 1 + random.below(6); flips > 0; --flips) {
            bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.u32());
        }
        if (random.below(4) == 0) bytes.resize(random.below(bytes.size() + 1));
        const Alone alone(bytes);
        base::ByteReader in(alone.bytes());
        while (!in.empty()) {
            const auto packet = parse_rtcp(in);
            if (!packet) {
                ++broken;
                break;
            }
            ++packets;
            const auto add = [&](base::Bytes read) {
                for (const uint8_t byte : read) sum += byte;
            };
            const auto add_blocks = [&](const ReportBlocks& blocks) {
                for (size_t i = 0; i < blocks.size(); ++i) sum += blocks[i].delay_since_last_sr;
            };
            if (const auto report = parse_sender_report(*packet)) add_blocks(report->blocks);
            if (const auto report = parse_receiver_report(*packet)) add_blocks(report->blocks);
            if (const auto bye = parse_bye(*packet)) {
                for (size_t i = 0; i < bye->ssrcs.size(); ++i) sum += bye->ssrcs[i];
                add(bye->reason);
            }
            if (const auto feedback = parse_feedback(*packet)) add(feedback->control_information);
            base::ByteReader chunks(packet->body);
            while (const auto chunk = parse_sdes_chunk(chunks)) add(chunk->cname);
        }
    }
    CHECK(packets > 50'000);
    CHECK(broken > 5'000);
    CHECK(sum != 0);
}
