#include "worker/rtcp/report.h"

#include <doctest/doctest.h>

#include <array>

#include "packets.h"

using namespace parley;
using namespace parley::rtcp;

namespace {

RtcpView view_of(base::Bytes bytes) {
    base::ByteReader in(bytes);
    const auto view = parse_rtcp(in);
    REQUIRE(view);
    return *view;
}

const SenderInfo kInfo{0x0a, 0xe000000180000000, 3000, 100, 10'000};
const ReportBlock kBlock{0x0b, 0x40, -2, 0x00010203, 5, 0x00018000, 0x00008000};

template <typename Write>
std::vector<uint8_t> written(Write write, size_t size = 1500) {
    std::vector<uint8_t> room(size);
    base::ByteWriter out(room);
    write(out);
    CHECK(out.ok());
    return {out.written().begin(), out.written().end()};
}

}  // namespace

TEST_CASE("a sender report is read, its loss with its sign") {
    const auto bytes = hex(kSenderReportHex);
    const auto report = parse_sender_report(view_of(bytes));
    REQUIRE(report);
    CHECK(report->info == kInfo);
    REQUIRE(report->blocks.size() == 1);
    CHECK(report->blocks[0] == kBlock);
    CHECK_FALSE(parse_receiver_report(view_of(bytes)));
}

TEST_CASE("a receiver report is read") {
    const auto bytes = hex(kReceiverReportHex);
    const auto report = parse_receiver_report(view_of(bytes));
    REQUIRE(report);
    CHECK(report->ssrc == 0x0a);
    REQUIRE(report->blocks.size() == 1);
    CHECK(report->blocks[0].cumulative_lost == 3);
    CHECK_FALSE(parse_sender_report(view_of(bytes)));
}

TEST_CASE("reports write as they are read, byte for byte") {
    CHECK(written([](base::ByteWriter& out) {
              write_sender_report(out, kInfo, std::array{kBlock});
          }) == hex(kSenderReportHex));
    ReportBlock block = kBlock;
    block.cumulative_lost = 3;
    CHECK(written([&](base::ByteWriter& out) {
              write_receiver_report(out, 0x0a, std::array{block});
          }) == hex(kReceiverReportHex));
    CHECK(written([](base::ByteWriter& out) { write_receiver_report(out, 0x0a, {}); }) ==
          hex("80 c9 0001 0000000a"));
}

TEST_CASE("loss that 24 bits can not say is said as far as they can") {
    for (const auto& [given, heard] : {std::pair{0x800000, 0x7fffff},
                                       {-0x800001, -0x800000},
                                       {0x7fffff, 0x7fffff},
                                       {-0x800000, -0x800000}}) {
        ReportBlock block = kBlock;
        block.cumulative_lost = given;
        const auto bytes = written(
            [&](base::ByteWriter& out) { write_receiver_report(out, 1, std::array{block}); });
        CHECK(parse_receiver_report(view_of(bytes))->blocks[0].cumulative_lost == heard);
    }
}

TEST_CASE("all 31 blocks that fit a packet come in their order") {
    std::array<ReportBlock, kCountMax> blocks{};
    for (size_t i = 0; i < blocks.size(); ++i) blocks[i].ssrc = static_cast<uint32_t>(i + 100);
    const auto bytes =
        written([&](base::ByteWriter& out) { write_receiver_report(out, 1, blocks); });
    const auto report = parse_receiver_report(view_of(bytes));
    REQUIRE(report->blocks.size() == kCountMax);
    for (size_t i = 0; i < blocks.size(); ++i) CHECK(report->blocks[i] == blocks[i]);
}

TEST_CASE("a report too short for the blocks it counts is refused") {
    CHECK_FALSE(parse_receiver_report(view_of(hex("81 c9 0001 0000000a"))));
    CHECK_FALSE(parse_receiver_report(view_of(hex("80 c9 0000"))));
    CHECK_FALSE(parse_sender_report(view_of(hex("80 c8 0001 0000000a"))));
    auto two = hex(kSenderReportHex);
    two[0] = 0x82;
    CHECK_FALSE(parse_sender_report(view_of(two)));
}

TEST_CASE("what a profile adds after the blocks is skipped") {
    const auto bytes = hex("80 c9 0002 0000000a 12345678");
    const auto report = parse_receiver_report(view_of(bytes));
    REQUIRE(report);
    CHECK(report->blocks.size() == 0);
}

TEST_CASE("without room nothing is written past the end, and the writer has failed") {
    for (size_t size = 0; size < 52; ++size) {
        std::vector<uint8_t> room(size);
        base::ByteWriter out(room);
        write_sender_report(out, kInfo, std::array{kBlock});
        CHECK_FALSE(out.ok());
    }
}
