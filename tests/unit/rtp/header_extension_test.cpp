#include "worker/rtp/header_extension.h"

#include <doctest/doctest.h>

#include "packets.h"

using namespace parley;
using namespace parley::rtp;

namespace {

// A packet with this extension block and no payload; the bytes live as long as the fixture.
struct WithExtensions {
    WithExtensions(const char* profile, const char* elements) {
        const auto body = hex(elements);
        bytes = hex(std::string("90 6f 0001 00000002 00000003 ") + profile);
        bytes.push_back(0);
        bytes.push_back(static_cast<uint8_t>(body.size() / 4));
        bytes.insert(bytes.end(), body.begin(), body.end());
        view = parse_rtp(bytes);
        REQUIRE(view);
    }

    bool has(uint8_t id) const { return find_extension(*view, id).has_value(); }
    std::vector<uint8_t> element(uint8_t id) const {
        const auto found = find_extension(*view, id);
        REQUIRE(found);
        return {found->begin(), found->end()};
    }

    std::vector<uint8_t> bytes;
    std::optional<RtpView> view;
};

}  // namespace

TEST_CASE("one-byte elements are found between padding, RFC 8285 section 4.2") {
    const WithExtensions packet("bede", "10 aa 00 00  23 61 62 63 64  00 00 e0 07 00 00 00");
    CHECK(packet.element(1) == hex("aa"));
    CHECK(packet.element(2) == hex("61 62 63 64"));
    CHECK(packet.element(14) == hex("07"));
    CHECK_FALSE(packet.has(3));
    CHECK_FALSE(packet.has(0));
}

TEST_CASE("a one-byte element holds up to sixteen bytes") {
    const WithExtensions packet("bede", "3f 30313233343536373839616263646566 00 00 00");
    CHECK(packet.element(3).size() == 16);
}

TEST_CASE("id 15 ends a one-byte block, whatever follows") {
    const WithExtensions packet("bede", "10 aa f0 00 20 bb 00 00");
    CHECK(packet.has(1));
    CHECK_FALSE(packet.has(2));
    CHECK_FALSE(packet.has(15));
}

TEST_CASE("id 0 with a length ends a one-byte block") {
    const WithExtensions packet("bede", "10 aa 01 00 00 20 bb 00");
    CHECK(packet.has(1));
    CHECK_FALSE(packet.has(2));
}

TEST_CASE("two-byte elements have any id and any length, RFC 8285 section 4.3") {
    for (const char* profile : {"1000", "100f"}) {
        const WithExtensions packet(profile, "01 00  0f 01 aa  00 00 00  ff 03 01 02 03 00 00 00");
        CHECK(packet.element(1).empty());
        CHECK(packet.element(15) == hex("aa"));
        CHECK(packet.element(255) == hex("01 02 03"));
        CHECK_FALSE(packet.has(0));
    }
}

TEST_CASE("an element that reaches past its block is not found, those before it are") {
    const WithExtensions one("bede", "10 aa 2f bb");
    CHECK(one.has(1));
    CHECK_FALSE(one.has(2));
    const WithExtensions two("1000", "01 01 aa 02  ");
    CHECK(two.has(1));
    CHECK_FALSE(two.has(2));
}

TEST_CASE("blocks of another profile have no elements") {
    CHECK_FALSE(WithExtensions("abac", "10 aa 00 00").has(1));
    CHECK_FALSE(WithExtensions("1100", "01 01 aa 00").has(1));
}

TEST_CASE("the audio level is voice and minus decibels, RFC 6464 section 3") {
    const auto level = parse_audio_level(hex("aa"));
    REQUIRE(level);
    CHECK(level->voice);
    CHECK(level->dbov == -42);
    CHECK(parse_audio_level(hex("7f"))->dbov == -127);
    CHECK(parse_audio_level(hex("00"))->dbov == 0);
    CHECK_FALSE(parse_audio_level(hex("7f"))->voice);
    CHECK_FALSE(parse_audio_level(hex("")));
    CHECK_FALSE(parse_audio_level(hex("aa 00")));
}

TEST_CASE("every audio level writes as it was read") {
    for (int wire = 0; wire < 256; ++wire) {
        const auto byte = static_cast<uint8_t>(wire);
        CHECK(parse_audio_level(std::array<uint8_t, 1>{byte})->wire() == byte);
    }
}

TEST_CASE("abs-send-time is seconds in 6.18, starting anew every 64 seconds") {
    const auto at = [](int64_t micros) {
        return abs_send_time(base::Instant::from_micros(micros));
    };
    CHECK(at(0) == 0);
    CHECK(at(1'000'000) == 1u << 18);
    CHECK(at(500'000) == 1u << 17);
    CHECK(at(63'999'999) == 0xffffff);
    CHECK(at(64'000'000) == 0);
    CHECK(at(1'700'000'000'250'000) == ((1'700'000'000 % 64) << 18) + (1u << 16));
}

TEST_CASE("each extension has a name of its own") {
    for (size_t i = 0; i < kExtensions; ++i) {
        CHECK_FALSE(uri_of(static_cast<Extension>(i)).empty());
        for (size_t j = 0; j < i; ++j) {
            CHECK(uri_of(static_cast<Extension>(i)) != uri_of(static_cast<Extension>(j)));
        }
    }
}
