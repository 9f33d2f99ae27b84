#include "worker/rtp/rtp_view.h"

#include <doctest/doctest.h>

#include <memory>

#include "common/base/random.h"
#include "packets.h"
#include "worker/rtp/header_extension.h"

using namespace parley;
using namespace parley::rtp;

namespace {

// In a block of its own, exactly as long as it is: a read past the end is seen by ASan.
struct Alone {
    explicit Alone(base::Bytes from) : room(new uint8_t[from.size()]), size(from.size()) {
        std::copy(from.begin(), from.end(), room.get());
    }
    base::Bytes bytes() const { return {room.get(), size}; }

    std::unique_ptr<uint8_t[]> room;
    size_t size;
};

bool lies_in(base::Bytes inner, base::Bytes outer) {
    return inner.empty() || (inner.data() >= outer.data() &&
                             inner.data() + inner.size() <= outer.data() + outer.size());
}

}  // namespace

TEST_CASE("every field of a browser's packet is read") {
    const auto packet = browser_packet();
    const auto view = parse_rtp(packet);
    REQUIRE(view);
    CHECK(view->marker);
    CHECK(view->payload_type == 111);
    CHECK(view->sequence_number == 0x0102);
    CHECK(view->timestamp == 0x00030405);
    CHECK(view->ssrc == 0xdeadbeef);
    CHECK(view->csrcs.empty());
    CHECK(view->extension_profile == 0xbede);
    CHECK(view->extensions.size() == 8);
    CHECK(view->header_size == 24);
    CHECK(view->padding == 0);
    REQUIRE(view->payload.size() == 3);
    CHECK(view->payload[0] == 0xf8);
}

TEST_CASE("the bare header is a packet, with an empty payload") {
    const auto view = parse_rtp(hex("80 6f 0001 00000002 00000003"));
    REQUIRE(view);
    CHECK_FALSE(view->marker);
    CHECK(view->header_size == 12);
    CHECK(view->payload.empty());
    CHECK(view->extension_profile == 0);
}

TEST_CASE("CSRCs, extension and padding stand around the payload") {
    const auto packet =
        hex("b2 6f 0001 00000002 00000003  0000000a 0000000b  1000 0001 01 00 00 00  c0 de 00 02");
    const auto view = parse_rtp(packet);
    REQUIRE(view);
    CHECK(view->csrcs.size() == 8);
    CHECK(view->csrcs[3] == 0x0a);
    CHECK(view->extension_profile == 0x1000);
    CHECK(view->extensions.size() == 4);
    CHECK(view->header_size == 28);
    CHECK(view->padding == 2);
    CHECK(view->payload.size() == 2);
    CHECK(view->payload[0] == 0xc0);
}

TEST_CASE("a packet may be padding alone, as bandwidth probes are") {
    const auto view = parse_rtp(hex("a0 6f 0001 00000002 00000003 00 00 00 04"));
    REQUIRE(view);
    CHECK(view->padding == 4);
    CHECK(view->payload.empty());
}

TEST_CASE("padding that contradicts the packet's length is refused") {
    CHECK_FALSE(parse_rtp(hex("a0 6f 0001 00000002 00000003")));              // no room for a count
    CHECK_FALSE(parse_rtp(hex("a0 6f 0001 00000002 00000003 00 00 00 00")));  // a count of none
    CHECK_FALSE(parse_rtp(hex("a0 6f 0001 00000002 00000003 00 00 00 05")));  // into the header
}

TEST_CASE("other versions are refused") {
    for (const char* first : {"00", "40", "c0"}) {
        CHECK_FALSE(parse_rtp(hex(std::string(first) + " 6f 0001 00000002 00000003 f8")));
    }
}

TEST_CASE("a packet cut off inside its header is refused at every length") {
    const auto packet =
        hex("92 6f 0001 00000002 00000003  0000000a 0000000b "
            "bede 0002 10 aa 22 11 22 33 00 00 f8");
    REQUIRE(parse_rtp(packet)->header_size == 32);
    for (size_t size = 0; size < packet.size(); ++size) {
        const Alone cut(base::Bytes(packet).first(size));
        CHECK(parse_rtp(cut.bytes()).has_value() == (size >= 32));
    }
}

TEST_CASE("twenty thousand damaged packets are read without leaving their bytes") {
    base::SeededRandom random(3550);
    const std::vector<std::vector<uint8_t>> seeds = {
        browser_packet(),
        hex("b2 6f 0001 00000002 00000003  0000000a 0000000b  1000 0002 01 01 ff 02 00 00 00 00 "
            "c0 de 00 02"),
        hex("90 ef 0001 00000002 00000003  bede 0001 f0 aa 10 aa f8"),
    };
    int accepted = 0;
    for (int round = 0; round < 20'000; ++round) {
        auto bytes = seeds[random.below(seeds.size())];
        for (uint64_t flips = 1 + random.below(4); flips > 0; --flips) {
            bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.u32());
        }
        if (random.below(4) == 0) bytes.resize(random.below(bytes.size() + 1));
        const Alone alone(bytes);
        const auto view = parse_rtp(alone.bytes());
        if (!view) continue;
        ++accepted;
        REQUIRE(lies_in(view->csrcs, alone.bytes()));
        REQUIRE(lies_in(view->extensions, alone.bytes()));
        REQUIRE(view->header_size + view->payload.size() + view->padding == alone.size);
        for (int id = 0; id <= 255; ++id) {
            const auto element = find_extension(*view, static_cast<uint8_t>(id));
            if (element) REQUIRE(lies_in(*element, view->extensions));
        }
    }
    CHECK(accepted > 5'000);
    CHECK(accepted < 19'000);
}
