#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <string>

#include "tests/unit/stun/rfc5769.h"
#include "worker/stun/integrity.h"
#include "worker/stun/message.h"

using namespace parley;
using namespace parley::stun;

namespace {

MappedAddress mapped(const char (&ip)[17], uint16_t port) {
    MappedAddress address;
    std::memcpy(address.ip.data(), ip, 16);
    address.port = port;
    return address;
}

void check_response(const std::vector<uint8_t>& bytes, const MappedAddress& address) {
    const auto message = parse_message(bytes);
    REQUIRE(message);
    CHECK(message->message_class == Class::Success);
    CHECK(message->method == kBinding);
    REQUIRE(message->xor_mapped_address);
    CHECK(*message->xor_mapped_address == address);
    CHECK(message->fingerprint_at == bytes.size() - 8);
    CHECK(verify_integrity(*message, rfc5769::kPassword));
}

}  // namespace

TEST_CASE("the sample request is read and proved, RFC 5769 §2.1") {
    const auto message = parse_message(rfc5769::kRequest);
    REQUIRE(message);
    CHECK(message->message_class == Class::Request);
    CHECK(message->method == kBinding);
    CHECK(message->transaction_id[0] == 0xb7);
    CHECK(message->transaction_id[11] == 0xae);
    CHECK(message->username == "evtj:h6vY");
    CHECK(message->priority == 0x6e0001ffu);
    CHECK(message->ice_controlled == 0x932ff9b151263b36u);
    CHECK_FALSE(message->ice_controlling);
    CHECK_FALSE(message->use_candidate);
    CHECK(message->unknown.count == 0);
    CHECK(message->integrity_at == 76);
    CHECK(message->fingerprint_at == 100);
    CHECK(verify_integrity(*message, rfc5769::kPassword));
    CHECK_FALSE(verify_integrity(*message, "VOkJxbRl1RmTxUk/WvJxBT"));
    CHECK_FALSE(verify_integrity(*message, ""));
    CHECK(username_of_request(rfc5769::kRequest) == "evtj:h6vY");
}

TEST_CASE("the sample responses are read and proved, RFC 5769 §2.2, §2.3") {
    check_response(rfc5769::kResponseV4,
                   mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01", 32853));
    check_response(rfc5769::kResponseV6,
                   mapped("\x20\x01\x0d\xb8\x12\x34\x56\x78\0\x11\x22\x33\x44\x55\x66\x77", 32853));
    CHECK_FALSE(username_of_request(rfc5769::kResponseV4));
}

TEST_CASE("a long-term key proves its sample, and what ICE has no use for is named unknown, §2.4") {
    const auto message = parse_message(rfc5769::kLongTermRequest);
    REQUIRE(message);
    const std::string user = "\u30de\u30c8\u30ea\u30c3\u30af\u30b9";
    CHECK(message->username == user);
    CHECK_FALSE(message->fingerprint_at);
    REQUIRE(message->unknown.count == 2);
    CHECK(message->unknown.types[0] == 0x0015);  // NONCE
    CHECK(message->unknown.types[1] == 0x0014);  // REALM
    const std::string secret = user + ":example.org:TheMatrIX";
    std::string key(16, '\0');
    size_t size = 0;
    REQUIRE(EVP_Q_digest(nullptr, "MD5", nullptr, secret.data(), secret.size(),
                         reinterpret_cast<unsigned char*>(key.data()), &size) == 1);
    CHECK(verify_integrity(*message, key));
}
