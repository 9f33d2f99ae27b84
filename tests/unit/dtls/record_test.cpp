#include "worker/dtls/record.h"

#include <doctest/doctest.h>

#include <vector>

using namespace parley;
using namespace parley::dtls;

namespace {

std::vector<uint8_t> record(uint8_t type, uint16_t version, size_t claimed, size_t size) {
    std::vector<uint8_t> bytes(kRecordHeader + size);
    base::ByteWriter out(bytes);
    out.u8(type);
    out.u16(version);
    out.u16(1);
    out.u16(0x0102);
    out.u32(0x03040506);
    out.u16(static_cast<uint16_t>(claimed));
    return bytes;
}

}  // namespace

TEST_CASE("a record is read field by field, and the next one follows") {
    auto bytes = record(22, kVersion12, 7, 7);
    const auto second = record(21, kVersion10, 0, 0);
    bytes.insert(bytes.end(), second.begin(), second.end());
    base::ByteReader in(bytes);
    const auto first = parse_record(in);
    REQUIRE(first);
    CHECK(first->type == ContentType::Handshake);
    CHECK(first->version == kVersion12);
    CHECK(first->epoch == 1);
    CHECK(first->sequence_number == 0x010203040506);
    CHECK(first->fragment.size() == 7);
    REQUIRE(parse_record(in));
    CHECK(in.empty());
    CHECK(!parse_record(in));
    CHECK(is_records(bytes));
}

TEST_CASE("what is cut short, too long, or of another protocol is no datagram of records") {
    CHECK(!is_records({}));
    const auto good = record(22, kVersion12, 20, 20);
    for (size_t size = 0; size < good.size(); ++size) {
        CHECK(!is_records(base::Bytes(good).first(size)));
    }
    CHECK(is_records(good));
    CHECK(is_records(record(20, kVersion10, 1, 1)));
    CHECK(is_records(record(23, kVersion12, 1, 1)));
    CHECK(!is_records(record(19, kVersion12, 1, 1)));
    CHECK(!is_records(record(24, kVersion12, 1, 1)));
    CHECK(!is_records(record(46, kVersion12, 1, 1)));  // DTLS 1.3's short header
    CHECK(!is_records(record(22, 0x0303, 1, 1)));      // TLS
    CHECK(!is_records(record(22, kVersion12, 20'000, 20'000)));
    auto trailing = good;
    trailing.push_back(0);
    CHECK(!is_records(trailing));
}
