#include "worker/stun/writer.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <string>
#include <vector>

#include "worker/stun/integrity.h"

using namespace parley;
using namespace parley::stun;

namespace {

constexpr TransactionId kId = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const std::string kPassword = "0123456789abcdef0123456789abcdef";

using Buffer = std::vector<uint8_t>;

// What `write(room)` wrote; and it writes nothing, rather than a part, into any smaller room.
template <typename Write>
Buffer written_by(Write write) {
    Buffer bytes(limits::kDatagramBytes);
    const size_t size = write(std::span(bytes));
    REQUIRE(size > 0);
    bytes.resize(size);
    for (size_t small = 0; small < size; ++small) {
        Buffer room(small + 1, 0xee);
        CHECK(write(std::span(room).first(small)) == 0);
        CHECK(room.back() == 0xee);
    }
    return bytes;
}

MappedAddress mapped(bool four) {
    MappedAddress address;
    for (size_t i = 0; i < 16; ++i) address.ip[i] = static_cast<uint8_t>(0x20 + i);
    if (four) {
        address.ip = {};
        address.ip[10] = address.ip[11] = 0xff;
        address.ip[12] = 203;
    }
    address.port = 40'001;
    return address;
}

}  // namespace

TEST_CASE("a request is read back as it was written") {
    const BindingRequest request{.transaction_id = kId,
                                 .username = "local:remote",
                                 .password = kPassword,
                                 .priority = 0x7e7f1eff,
                                 .ice_controlling = 0x0102030405060708,
                                 .ice_controlled = std::nullopt,
                                 .use_candidate = true};
    const Buffer bytes =
        written_by([&](auto room) { return write_binding_request(room, request); });
    const auto message = parse_message(bytes);
    REQUIRE(message);
    CHECK(message->message_class == Class::Request);
    CHECK(message->transaction_id == kId);
    CHECK(message->username == "local:remote");
    CHECK(message->priority == 0x7e7f1effu);
    CHECK(message->ice_controlling == 0x0102030405060708u);
    CHECK_FALSE(message->ice_controlled);
    CHECK(message->use_candidate);
    CHECK(message->unknown.count == 0);
    CHECK(message->fingerprint_at == bytes.size() - 8);
    CHECK(verify_integrity(*message, kPassword));
    CHECK_FALSE(verify_integrity(*message, kPassword.substr(1)));
}

TEST_CASE("a success names the address it answers to, of either family") {
    for (const bool four : {true, false}) {
        const Buffer bytes = written_by([&](auto room) {
            return write_binding_success(room, kId, mapped(four), kPassword);
        });
        CHECK(bytes.size() == (four ? 64 : 76));
        const auto message = parse_message(bytes);
        REQUIRE(message);
        CHECK(message->message_class == Class::Success);
        CHECK(message->transaction_id == kId);
        CHECK(message->xor_mapped_address == mapped(four));
        CHECK(verify_integrity(*message, kPassword));
    }
}

TEST_CASE("an error carries its code, and integrity only when there is a password") {
    for (const ErrorCode code : {ErrorCode::BadRequest, ErrorCode::Unauthenticated,
                                 ErrorCode::UnknownAttribute, ErrorCode::RoleConflict}) {
        for (const std::string& password : {std::string(), kPassword}) {
            const Buffer bytes = written_by([&](auto room) {
                return write_binding_error(room, kId, code, password);
            });
            const auto message = parse_message(bytes);
            REQUIRE(message);
            CHECK(message->message_class == Class::Error);
            CHECK(message->error_code == static_cast<uint16_t>(code));
            CHECK(message->fingerprint_at.has_value());
            CHECK(message->integrity_at.has_value() == !password.empty());
            CHECK(verify_integrity(*message, password) == !password.empty());
        }
    }
}

TEST_CASE("a 420 names what was not understood, and never more than the limit") {
    const std::vector<uint16_t> many(20, 0x7abc);
    const auto size_with = [&](size_t count) {
        const std::span<const uint16_t> types = std::span(many).first(count);
        return written_by([&](auto room) {
            return write_binding_error(room, kId, ErrorCode::UnknownAttribute, kPassword, types);
        });
    };
    const Buffer bytes = size_with(1);
    const Buffer attribute = {0x00, 0x0a, 0x00, 0x02, 0x7a, 0xbc, 0x00, 0x00};
    CHECK(Buffer(bytes.begin() + 28, bytes.begin() + 36) == attribute);
    CHECK(size_with(20).size() == size_with(limits::kStunUnknownAttributes).size());
}

TEST_CASE("the integrity is the HMAC-SHA1 of OpenSSL, for keys shorter and longer than a block") {
    for (const size_t key_size : {0, 1, 22, 63, 64, 65, 256}) {
        for (const size_t size : {20, 36, 84, 1400}) {
            Buffer before(size, 0x5a);
            const std::string key(key_size, 'k');
            const Integrity ours = integrity_of(before, key);
            const size_t length = size - 20 + 24;
            before[2] = static_cast<uint8_t>(length >> 8);
            before[3] = static_cast<uint8_t>(length);
            Integrity theirs{};
            size_t theirs_size = 0;
            REQUIRE(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA1", nullptr, key.data(), key.size(),
                              before.data(), before.size(), theirs.data(), theirs.size(),
                              &theirs_size) != nullptr);
            CHECK(ours == theirs);
        }
    }
}
