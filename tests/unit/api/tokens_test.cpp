#include "controller/api/tokens.h"

#include <doctest/doctest.h>
#include <jwt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <memory>

#include "common/base/random.h"
#include "controller/api/admission.h"

using namespace parley;
using namespace parley::controller;
using namespace parley::controller::api;

namespace {

using Algorithm = TokenKey::Algorithm;

constexpr Instant kNow = Instant::from_micros(1'800'000'000'000'000);
constexpr int64_t kNowSeconds = 1'800'000'000;
const std::string kSecret = "0123456789abcdef0123456789abcdef";
const std::string kOtherSecret = "fedcba9876543210fedcba9876543210";

struct KeyPair {
    std::string secret_pem, public_pem;
};

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<size_t>(size)};
}

KeyPair pair_of(EVP_PKEY* key) {
    const std::unique_ptr<BIO, int (*)(BIO*)> secret(BIO_new(BIO_s_mem()), BIO_free);
    const std::unique_ptr<BIO, int (*)(BIO*)> open(BIO_new(BIO_s_mem()), BIO_free);
    REQUIRE(PEM_write_bio_PrivateKey(secret.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ==
            1);
    REQUIRE(PEM_write_bio_PUBKEY(open.get(), key) == 1);
    KeyPair pair{text_of(secret.get()), text_of(open.get())};
    EVP_PKEY_free(key);
    return pair;
}

KeyPair elliptic(const char* curve = "P-256") {
    return pair_of(EVP_EC_gen(curve));
}
KeyPair rsa(unsigned bits = 2048) {
    return pair_of(EVP_RSA_gen(bits));
}

// What the outside signs, by any means and as it likes.
std::string sign(const std::string& claims, jwt_alg_t algorithm, const std::string& key,
                 const char* kid = nullptr) {
    jwt_t* token = nullptr;
    REQUIRE(jwt_new(&token) == 0);
    if (kid) REQUIRE(jwt_add_header(token, "kid", kid) == 0);
    REQUIRE(jwt_add_grants_json(token, claims.c_str()) == 0);
    const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
    REQUIRE(jwt_set_alg(token, algorithm, algorithm == JWT_ALG_NONE ? nullptr : bytes,
                        algorithm == JWT_ALG_NONE ? 0 : static_cast<int>(key.size())) == 0);
    char* text = jwt_encode_str(token);
    REQUIRE(text != nullptr);
    std::string signed_text = text;
    std::free(text);
    jwt_free(token);
    return signed_text;
}

std::string claims(const std::string& more = "", int64_t expires = kNowSeconds + 60) {
    return R"({"room": "standup", "sub": "ada", "exp": )" + std::to_string(expires) + more + "}";
}

std::string refusal(const Tokens& tokens, const std::string& token, Instant now = kNow) {
    const auto grant = tokens.check(now, token);
    return grant.ok() ? "accepted" : grant.error();
}

const Tokens kTokens({{"a", Algorithm::Hs256, kSecret}});

}  // namespace

TEST_CASE("a token that was issued is accepted with all that it grants") {
    Grant grant{"standup", "ada", "Ada L\u00f6velace \"x\"", {true, false, false}, kNow + 60s};
    const auto token = kTokens.issue(grant);
    REQUIRE(token);
    const auto read = kTokens.check(kNow, *token);
    REQUIRE_MESSAGE(read.ok(), refusal(kTokens, *token));
    CHECK(read->room == grant.room);
    CHECK(read->peer == grant.peer);
    CHECK(read->name == grant.name);
    CHECK(read->rights == grant.rights);
    CHECK(read->expires == grant.expires);
}

TEST_CASE("rights that a token does not name are granted") {
    const auto grant = kTokens.check(kNow, sign(claims(), JWT_ALG_HS256, kSecret, "a"));
    REQUIRE(grant.ok());
    CHECK(grant->rights == Rights{});
    CHECK(grant->name == "");
}

TEST_CASE("a token holds until its expiry and not before its time, with ten seconds of leeway") {
    const std::string token =
        sign(claims(R"(, "nbf": 1799999990)", kNowSeconds), JWT_ALG_HS256, kSecret, "a");
    CHECK(refusal(kTokens, token, kNow + 9s) == "accepted");
    CHECK(refusal(kTokens, token, kNow + 10s) == "the token has expired");
    CHECK(refusal(kTokens, token, kNow - 20s) == "accepted");
    CHECK(refusal(kTokens, token, kNow - 21s) == "the token is not valid yet");
}

TEST_CASE("claims that lack what they need, or have it in another type, are refused") {
    const char* cases[] = {
        R"({"sub": "ada", "exp": 1900000000})",
        R"({"room": "standup", "exp": 1900000000})",
        R"({"room": "standup", "sub": "ada"})",
        R"({"room": "standup", "sub": "ada", "exp": "1900000000"})",
        R"({"room": "standup", "sub": "ada", "exp": -1})",
        R"({"room": "standup", "sub": "ada", "exp": 9000000000000000000})",
        R"({"room": "standup", "sub": "ada", "exp": 1900000000, "nbf": "soon"})",
        R"({"room": "standup", "sub": "ada", "exp": 1900000000, "publish": "no"})",
        R"({"room": ["standup"], "sub": "ada", "exp": 1900000000})",
        R"({"room": "standup", "sub": 7, "exp": 1900000000})",
    };
    for (const char* text : cases) {
        CAPTURE(text);
        const std::string token = sign(text, JWT_ALG_HS256, kSecret, "a");
        CHECK(refusal(kTokens, token) != "accepted");
    }
}

TEST_CASE("a kid chooses its key, so that keys can be changed while tokens are out") {
    const Tokens both(
        {{"new", Algorithm::Hs256, kOtherSecret}, {"old", Algorithm::Hs256, kSecret}});
    CHECK(refusal(both, sign(claims(), JWT_ALG_HS256, kSecret, "old")) == "accepted");
    CHECK(refusal(both, sign(claims(), JWT_ALG_HS256, kOtherSecret, "new")) == "accepted");
    CHECK(refusal(both, sign(claims(), JWT_ALG_HS256, kSecret, "new")) ==
          "the token's signature is wrong");
    CHECK(refusal(both, sign(claims(), JWT_ALG_HS256, kSecret, "gone")) ==
          "the token's kid names no key");
    CHECK(refusal(both, sign(claims(), JWT_ALG_HS256, kSecret)) == "the token lacks a kid");
    CHECK(refusal(kTokens, sign(claims(), JWT_ALG_HS256, kSecret)) == "accepted");
    CHECK(kTokens.check(kNow, *both.issue({"r", "p", "", {}, kNow + 60s})).ok() == false);
}

TEST_CASE("an unsigned token is refused, with whatever alg it says") {
    CHECK(refusal(kTokens, sign(claims(), JWT_ALG_NONE, "", "a")) ==
          "the token's alg is not that of its key");
    const std::string token = sign(claims(), JWT_ALG_HS256, kSecret, "a");
    CHECK(refusal(kTokens, token.substr(0, token.rfind('.') + 1)) != "accepted");
    CHECK(refusal(kTokens, token.substr(0, token.rfind('.'))) == "not a token");
}

TEST_CASE("a header that must be understood is not") {
    jwt_t* token = nullptr;
    REQUIRE(jwt_new(&token) == 0);
    REQUIRE(jwt_add_headers_json(token, R"({"crit": ["b64"], "b64": false})") == 0);
    REQUIRE(jwt_add_grants_json(token, claims().c_str()) == 0);
    REQUIRE(jwt_set_alg(token, JWT_ALG_HS256,
                        reinterpret_cast<const unsigned char*>(kSecret.data()),
                        static_cast<int>(kSecret.size())) == 0);
    char* text = jwt_encode_str(token);
    CHECK(refusal(kTokens, text) == "the token has a critical header");
    std::free(text);
    jwt_free(token);
}

TEST_CASE("public keys prove tokens, and only with their own algorithm") {
    const KeyPair es = elliptic(), rs = rsa();
    const Tokens tokens({{"es", Algorithm::Es256, es.public_pem},
                         {"rs", Algorithm::Rs256, rs.public_pem},
                         {"hs", Algorithm::Hs256, kSecret}});
    CHECK(refusal(tokens, sign(claims(), JWT_ALG_ES256, es.secret_pem, "es")) == "accepted");
    CHECK(refusal(tokens, sign(claims(), JWT_ALG_RS256, rs.secret_pem, "rs")) == "accepted");
    CHECK(refusal(tokens, sign(claims(), JWT_ALG_ES256, elliptic().secret_pem, "es")) ==
          "the token's signature is wrong");
    const std::string swapped = "the token's alg is not that of its key";
    // The classic: the public key, which everybody has, used as an HMAC secret.
    CHECK(refusal(tokens, sign(claims(), JWT_ALG_HS256, es.public_pem, "es")) == swapped);
    CHECK(refusal(tokens, sign(claims(), JWT_ALG_HS256, rs.public_pem, "rs")) == swapped);
    CHECK(refusal(tokens, sign(claims(), JWT_ALG_RS256, rs.secret_pem, "es")) == swapped);
    CHECK(refusal(tokens, sign(claims(), JWT_ALG_RS512, rs.secret_pem, "rs")) == swapped);
    CHECK(refusal(tokens, sign(claims(), JWT_ALG_HS512, kSecret, "hs")) == swapped);
    CHECK(tokens.issue({"r", "p", "", {}, kNow}).has_value());
    CHECK(!Tokens({{"es", Algorithm::Es256, es.public_pem}}).issue({"r", "p", "", {}, kNow}));
}

TEST_CASE("keys that prove nothing are found before they are used") {
    CHECK(key_mistake({"a", Algorithm::Hs256, "short"}));
    CHECK(!key_mistake({"a", Algorithm::Hs256, kSecret}));
    CHECK(key_mistake({"a", Algorithm::Es256, "no PEM"}));
    const KeyPair es = elliptic(), rs = rsa();
    CHECK(!key_mistake({"a", Algorithm::Es256, es.public_pem}));
    CHECK(key_mistake({"a", Algorithm::Rs256, es.public_pem}));
    CHECK(key_mistake({"a", Algorithm::Es256, elliptic("P-384").public_pem}));
    CHECK(key_mistake({"a", Algorithm::Es256, rs.public_pem}));
    CHECK(!key_mistake({"a", Algorithm::Rs256, rs.public_pem}));
    CHECK(key_mistake({"a", Algorithm::Rs256, rsa(1024).public_pem}));
    CHECK(key_mistake({"a", Algorithm::Es256, es.secret_pem}));
}

TEST_CASE("a token in which anything was changed is refused") {
    const std::string good = sign(claims(), JWT_ALG_HS256, kSecret, "a");
    base::SeededRandom random(11);
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+ \x01\x7f\xff";
    size_t refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string token = good;
        // Not the very last character: its low bits are padding and mean nothing.
        const size_t at = random.below(token.size() - 1);
        switch (random.below(3)) {
            case 0: token[at] = kAlphabet[random.below(kAlphabet.size())]; break;
            case 1: token.erase(at, 1); break;
            default: token.insert(at, 1, kAlphabet[random.below(kAlphabet.size())]); break;
        }
        if (token == good) continue;
        ++refused;
        if (kTokens.check(kNow, token).ok()) FAIL_CHECK("accepted " << token);
    }
    CHECK(refused > 15'000);
    CHECK(refusal(kTokens, std::string(5'000, 'a') + ".b.c") == "not a token");
    CHECK(refusal(kTokens, good + std::string("\0x", 2)) == "not a token");
    CHECK(refusal(kTokens, "") == "not a token");
}

TEST_CASE("who wants in is read from the address, and a token wins over it") {
    const std::string token = sign(claims(R"(, "publish": false)"), JWT_ALG_HS256, kSecret, "a");
    const auto open = admit(kNow, {{"roomId", "r"}, {"peerId", "p"}}, "10.0.0.1", kTokens, false);
    REQUIRE(open.ok());
    CHECK(open->room == "r");
    CHECK(open->peer == "p");
    CHECK(open->rights == Rights{});
    CHECK(!open->session);
    CHECK(open->remote == "10.0.0.1");
    const auto granted = admit(
        kNow,
        {{"roomId", "r"}, {"peerId", "p"}, {"token", token}, {"session", ""}, {"received", "17"}},
        "", kTokens, true);
    REQUIRE(granted.ok());
    CHECK(granted->room == "standup");
    CHECK(granted->peer == "ada");
    CHECK(!granted->rights.publish);
    CHECK(granted->session == "");
    CHECK(granted->received == 17);
}

TEST_CASE("who may not come in is told by which code") {
    const auto code = [](const Query& query, bool token_required) {
        const auto admission = admit(kNow, query, "", kTokens, token_required);
        return admission.ok() ? 0 : admission.error().code;
    };
    CHECK(code({{"roomId", "r"}, {"peerId", "p"}}, true) == 4401);
    CHECK(code({{"roomId", "r"}, {"peerId", "p"}, {"token", "x"}}, false) == 4401);
    CHECK(code({{"peerId", "p"}}, false) == 4400);
    CHECK(code({{"roomId", "r"}}, false) == 4400);
    CHECK(code({{"roomId", "a b"}, {"peerId", "p"}}, false) == 4400);
    CHECK(code({{"roomId", "r"}, {"peerId", std::string(65, 'p')}}, false) == 4400);
    CHECK(code({{"roomId", "r"}, {"peerId", "p"}, {"received", "-1"}}, false) == 4400);
    CHECK(code({{"roomId", "r"}, {"peerId", "p"}, {"received", "x"}}, false) == 4400);
}
