#include "worker/stun/message.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/stun/rfc5769.h"
#include "worker/stun/fingerprint.h"
#include "worker/stun/integrity.h"
#include "worker/stun/writer.h"

using namespace parley;
using namespace parley::stun;

namespace {

using Buffer = std::vector<uint8_t>;

// A request made of what `add` puts into it, without integrity or fingerprint.
template <typename Add>
Buffer request_with(Add add) {
    Buffer bytes(limits::kDatagramBytes);
    MessageWriter out(bytes, Class::Request, TransactionId{1, 2, 3});
    add(out);
    REQUIRE(out.size() > 0);
    bytes.resize(out.size());
    return bytes;
}

bool parses_with(Attribute type, size_t size) {
    const Buffer value(size);
    return parse_message(request_with([&](auto& out) { out.attribute(type, value); })).has_value();
}

}  // namespace

TEST_CASE("a message cut short anywhere is malformed") {
    for (const Buffer* whole : {&rfc5769::kRequest, &rfc5769::kResponseV6}) {
        for (size_t size = 0; size < whole->size(); ++size) {
            const Buffer cut(whole->begin(), whole->begin() + static_cast<ptrdiff_t>(size));
            CHECK_FALSE(parse_message(cut));
            CHECK_FALSE(username_of_request(cut));
        }
    }
}

TEST_CASE("a header that contradicts the datagram is malformed") {
    const auto changed = [](size_t at, uint8_t value) {
        Buffer bytes = request_with([](auto& out) { out.number(Attribute::Priority, 1u); });
        bytes[at] = value;
        return bytes;
    };
    REQUIRE(parse_message(changed(1, 1)));
    CHECK_FALSE(parse_message(changed(0, 0x40)));  // the two first bits are zero
    CHECK_FALSE(parse_message(changed(3, 4)));     // shorter than the datagram
    CHECK_FALSE(parse_message(changed(3, 12)));    // longer
    CHECK_FALSE(parse_message(changed(4, 0x22)));  // no magic cookie: RFC 3489, or noise
    CHECK_FALSE(parse_message(changed(23, 5)));    // the attribute reaches past the end
    Buffer odd = changed(3, 9);
    odd.push_back(0);  // agrees with the length, which is no multiple of four
    CHECK_FALSE(parse_message(odd));
}

TEST_CASE("class and method are taken apart as they were put together") {
    for (const Class kind : {Class::Request, Class::Indication, Class::Success, Class::Error}) {
        for (const uint16_t method : {0x001, 0x00f, 0x010, 0x07f, 0x080, 0xfff}) {
            Buffer bytes(kHeaderBytes);
            MessageWriter out(bytes, kind, TransactionId{}, method);
            const auto message = parse_message(bytes);
            REQUIRE(message);
            CHECK(message->message_class == kind);
            CHECK(message->method == method);
        }
    }
}

TEST_CASE("a value of the wrong size is malformed") {
    CHECK(parses_with(Attribute::Priority, 4));
    CHECK_FALSE(parses_with(Attribute::Priority, 3));
    CHECK_FALSE(parses_with(Attribute::Priority, 8));
    CHECK(parses_with(Attribute::UseCandidate, 0));
    CHECK_FALSE(parses_with(Attribute::UseCandidate, 1));
    CHECK(parses_with(Attribute::IceControlled, 8));
    CHECK_FALSE(parses_with(Attribute::IceControlled, 4));
    CHECK_FALSE(parses_with(Attribute::IceControlling, 12));
    CHECK(parses_with(Attribute::Username, 508));
    CHECK_FALSE(parses_with(Attribute::Username, 509));
    CHECK(parses_with(Attribute::MessageIntegrity, 20));
    CHECK_FALSE(parses_with(Attribute::MessageIntegrity, 16));
    CHECK_FALSE(parses_with(Attribute::Fingerprint, 0));
    CHECK_FALSE(parses_with(Attribute::Fingerprint, 8));
    CHECK_FALSE(parses_with(Attribute::XorMappedAddress, 8));  // of no family
    CHECK_FALSE(parses_with(Attribute::ErrorCode, 3));
}

TEST_CASE("an error code lies between 300 and 699") {
    const auto code = [](uint8_t hundreds, uint8_t number) -> std::optional<uint16_t> {
        const Buffer bytes = request_with([&](auto& out) {
            out.attribute(Attribute::ErrorCode, Buffer{0, 0, hundreds, number});
        });
        const auto message = parse_message(bytes);
        return message ? message->error_code : std::nullopt;
    };
    CHECK(code(3, 0) == 300);
    CHECK(code(6, 99) == 699);
    CHECK_FALSE(code(2, 99));
    CHECK_FALSE(code(7, 0));
    CHECK_FALSE(code(4, 100));
}

TEST_CASE("an address must be as long as its family says") {
    const auto parses = [](uint8_t family, size_t size) {
        Buffer value(4 + size);
        value[1] = family;
        return parse_message(request_with([&](auto& out) {
                   out.attribute(Attribute::XorMappedAddress, value);
               })).has_value();
    };
    CHECK(parses(1, 4));
    CHECK(parses(2, 16));
    CHECK_FALSE(parses(1, 16));
    CHECK_FALSE(parses(2, 4));
    CHECK_FALSE(parses(3, 4));
}

TEST_CASE("of an attribute that comes twice the first counts") {
    const Buffer bytes = request_with([](auto& out) {
        out.number(Attribute::Priority, 7u);
        out.number(Attribute::Priority, 8u);
        out.attribute(Attribute::Username, base::as_bytes("one:x"));
        out.attribute(Attribute::Username, base::as_bytes("two:x"));
    });
    const auto message = parse_message(bytes);
    REQUIRE(message);
    CHECK(message->priority == 7u);
    CHECK(message->username == "one:x");
}

TEST_CASE("what follows MESSAGE-INTEGRITY is not believed") {
    const Buffer bytes = request_with([](auto& out) {
        out.attribute(Attribute::Username, base::as_bytes("one:x"));
        out.message_integrity("password");
        out.attribute(Attribute::UseCandidate, {});
        out.number(Attribute::Priority, 7u);
        out.attribute(0x7777, {});
        out.message_integrity("another");
        out.fingerprint();
    });
    const auto message = parse_message(bytes);
    REQUIRE(message);
    CHECK_FALSE(message->use_candidate);
    CHECK_FALSE(message->priority);
    CHECK(message->unknown.count == 0);
    CHECK(message->fingerprint_at == bytes.size() - 8);
    CHECK(verify_integrity(*message, "password"));
    CHECK_FALSE(verify_integrity(*message, "another"));
}

TEST_CASE("a FINGERPRINT must be right, and last") {
    Buffer wrong = rfc5769::kRequest;
    wrong.back() ^= 1;
    CHECK_FALSE(parse_message(wrong));
    wrong = rfc5769::kRequest;
    wrong[25] ^= 1;  // in SOFTWARE
    CHECK_FALSE(parse_message(wrong));
    Buffer early = request_with([](auto& out) {
        out.fingerprint();
        out.number(Attribute::Priority, 7u);
    });
    const uint32_t right = fingerprint_of(base::Bytes(early).first(kHeaderBytes));
    base::ByteWriter(std::span(early).subspan(kHeaderBytes + 4)).u32(right);
    CHECK_FALSE(parse_message(early));
}

TEST_CASE("unknown types are named up to a limit, and only those that must be understood") {
    const Buffer bytes = request_with([](auto& out) {
        out.attribute(0xc057, {});  // comprehension-optional: Chromium's network cost
        for (uint16_t i = 0; i < 2 * limits::kStunUnknownAttributes; ++i) {
            out.attribute(static_cast<uint16_t>(0x7000 + i), base::as_bytes("abc"));
        }
    });
    const auto message = parse_message(bytes);
    REQUIRE(message);
    REQUIRE(message->unknown.span().size() == limits::kStunUnknownAttributes);
    CHECK(message->unknown.span().front() == 0x7000);
}

TEST_CASE("the user of a request is found wherever it stands before the integrity") {
    const auto named = [](auto& out) { out.attribute(Attribute::Username, base::as_bytes("a:b")); };
    CHECK(username_of_request(request_with(named)) == "a:b");
    CHECK(username_of_request(request_with([&](auto& out) {
              out.attribute(0xc057, base::as_bytes("12345"));
              named(out);
          })) == "a:b");
    CHECK_FALSE(username_of_request(request_with([&](auto& out) {
        out.message_integrity("password");
        named(out);
    })));
    CHECK_FALSE(username_of_request(request_with([](auto& out) { out.fingerprint(); })));
    Buffer indication = request_with(named);
    indication[1] = 0x11;
    CHECK_FALSE(username_of_request(indication));
}
