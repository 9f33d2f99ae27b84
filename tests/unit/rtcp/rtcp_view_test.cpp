#include "worker/rtcp/rtcp_view.h"

#include <doctest/doctest.h>

#include <string>

#include "packets.h"

using namespace parley;
using namespace parley::rtcp;

namespace {

std::string joined(std::initializer_list<std::string_view> packets) {
    std::string all;
    for (const auto packet : packets) all += packet;
    return all;
}

// The types of a compound, up to where it can not be read.
std::vector<int> types_of(const std::string& text) {
    const auto bytes = hex(text);
    base::ByteReader in(bytes);
    std::vector<int> types;
    while (!in.empty()) {
        const auto packet = parse_rtcp(in);
        if (!packet) {
            types.push_back(-1);
            break;
        }
        types.push_back(packet->type);
    }
    return types;
}

}  // namespace

TEST_CASE("a compound comes apart into its packets") {
    CHECK(types_of(joined({kSenderReportHex, kSourceDescriptionHex, kExtendedReportHex,
                           kByeHex})) == std::vector{200, 202, 207, 203});
    const auto bytes = hex(kByeHex);
    base::ByteReader in(bytes);
    const auto bye = parse_rtcp(in);
    REQUIRE(bye);
    CHECK(bye->count == 2);
    CHECK(bye->body.size() == 16);
    CHECK(bye->body.data() == bytes.data() + 4);
}

TEST_CASE("a datagram may begin with feedback: reduced size, RFC 5506") {
    CHECK(types_of(std::string(kTransportFeedbackHex)) == std::vector{205});
}

TEST_CASE("a packet may have no body at all") {
    CHECK(types_of("80 cb 0000") == std::vector{203});
    CHECK(types_of("80 cb 0000 80 c9 0001 0000000a") == std::vector{203, 201});
}

TEST_CASE("padding at the end of the last packet is cut off") {
    const auto bytes = hex("a0 c9 0003 0000000a 00000000 00 00 00 08");
    base::ByteReader in(bytes);
    const auto packet = parse_rtcp(in);
    REQUIRE(packet);
    CHECK(packet->body.size() == 4);
    CHECK(types_of("a0 cb 0001 00000004") == std::vector{203});
}

TEST_CASE("padding that can not be is refused") {
    CHECK(types_of("a0 c9 0002 0000000a 00000000") == std::vector{-1});  // a count of none
    CHECK(types_of("a0 c9 0002 0000000a 00000003") == std::vector{-1});  // not in whole words
    CHECK(types_of("a0 c9 0002 0000000a 0000000c") == std::vector{-1});  // into the header
    CHECK(types_of("a0 cb 0000") == std::vector{-1});                    // nowhere to be
    CHECK(types_of("a0 c9 0002 0000000a 00000004 80 cb 0000") == std::vector{-1});  // not the last
}

TEST_CASE("other versions are refused") {
    for (const char* flags : {"00", "40", "c0"}) {
        CHECK(types_of(std::string(flags) + " cb 0000") == std::vector{-1});
    }
}

TEST_CASE("a packet cut off is refused at every length") {
    const auto bytes = hex(kSenderReportHex);
    for (size_t size = 0; size < bytes.size(); ++size) {
        const Alone cut(base::Bytes(bytes).first(size));
        base::ByteReader in(cut.bytes());
        CHECK_FALSE(parse_rtcp(in));
    }
}

TEST_CASE("what precedes a broken packet can still be read") {
    CHECK(types_of(joined({kReceiverReportHex, "81 ca 0004 00"})) == std::vector{201, -1});
}
