#include "worker/rtp/header_writer.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "packets.h"
#include "worker/rtp/header_extension.h"

using namespace parley;
using namespace parley::rtp;

namespace {

std::vector<uint8_t> written(const HeaderFields& fields, std::span<const ExtensionElement> list) {
    std::array<uint8_t, 1500> room{};
    base::ByteWriter out(room);
    write_header(out, fields, list);
    REQUIRE(out.ok());
    return {out.written().begin(), out.written().end()};
}

const HeaderFields kFields{.marker = true,
                           .payload_type = 111,
                           .sequence_number = 0x0102,
                           .timestamp = 0x00030405,
                           .ssrc = 0xdeadbeef};

}  // namespace

TEST_CASE("a header without extensions is twelve bytes") {
    CHECK(written(kFields, {}) == hex("80 ef 0102 00030405 deadbeef"));
}

TEST_CASE("short elements with low ids are written in the one-byte form, in whole words") {
    const auto mid = hex("30"), level = hex("aa");
    const std::array<ExtensionElement, 2> list{{{4, mid}, {1, level}}};
    CHECK(written(kFields, list) == hex("90 ef 0102 00030405 deadbeef bede 0001 40 30 10 aa"));
    CHECK(written(kFields, std::span(list).first(1)) ==
          hex("90 ef 0102 00030405 deadbeef bede 0001 40 30 00 00"));
}

TEST_CASE("one high id, or one length of none or many, makes it the two-byte form") {
    const auto level = hex("aa"), none = hex(""), many = std::vector<uint8_t>(17, 0x61);
    const std::array<ExtensionElement, 1> high{{{15, level}}};
    CHECK(written(kFields, high) == hex("90 ef 0102 00030405 deadbeef 1000 0001 0f 01 aa 00"));
    const std::array<ExtensionElement, 2> empty{{{1, level}, {2, none}}};
    CHECK(written(kFields, empty) ==
          hex("90 ef 0102 00030405 deadbeef 1000 0002 01 01 aa 02 00 00 00 00"));
    const std::array<ExtensionElement, 1> longer{{{1, many}}};
    const auto bytes = written(kFields, longer);
    CHECK(bytes.size() == 12 + 4 + 20);
    CHECK(bytes[12] == 0x10);
}

TEST_CASE("what is written is read back: CSRCs, every id, both forms") {
    const auto csrcs = hex("0000000a 0000000b");
    HeaderFields fields = kFields;
    fields.csrcs = csrcs;
    for (int id = 1; id <= 255; ++id) {
        for (const size_t size : {0, 1, 16, 17, 255}) {
            const std::vector<uint8_t> value(size, 0x5a);
            const std::array<ExtensionElement, 1> list{{{static_cast<uint8_t>(id), value}}};
            const auto bytes = written(fields, list);
            const auto view = parse_rtp(bytes);
            REQUIRE(view);
            REQUIRE(view->header_size == bytes.size());
            REQUIRE(view->csrcs.size() == 8);
            const auto found = find_extension(*view, static_cast<uint8_t>(id));
            REQUIRE(found);
            REQUIRE(std::equal(found->begin(), found->end(), value.begin(), value.end()));
        }
    }
}

TEST_CASE("a header that does not fit fails its writer, and writes nothing past the room") {
    const auto mid = hex("30");
    const std::array<ExtensionElement, 1> list{{{4, mid}}};
    for (size_t size = 0; size < 20; ++size) {
        std::vector<uint8_t> room(size);
        base::ByteWriter out(room);
        write_header(out, kFields, list);
        CHECK_FALSE(out.ok());
    }
}
