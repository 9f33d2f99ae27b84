#include "controller/api/tokens.h"

#include <jwt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "common/json/json.h"

namespace parley::controller::api {

namespace {

using Algorithm = TokenKey::Algorithm;

constexpr size_t kTokenBytes = 4 * 1024;
constexpr size_t kNameBytes = 256;

// How far the clock of whoever issued the token may be from ours.
constexpr base::Duration kLeeway = 10s;

struct Free {
    void operator()(jwt_t* token) const { jwt_free(token); }
    void operator()(char* text) const { std::free(text); }  // NOLINT: libjwt allocates by malloc
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using Jwt = std::unique_ptr<jwt_t, Free>;
using Text = std::unique_ptr<char, Free>;

base::Err<std::string> refuse(std::string reason) {
    return base::Err{std::move(reason)};
}

std::string_view name_of(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::Hs256: return "HS256";
        case Algorithm::Es256: return "ES256";
        case Algorithm::Rs256: return "RS256";
    }
    return "";
}

// Without a key libjwt reads the token and proves nothing: good for its header alone.
Jwt decode(const std::string& token, const std::string* key) {
    jwt_t* decoded = nullptr;
    const auto* bytes = key ? reinterpret_cast<const unsigned char*>(key->data()) : nullptr;
    const int failed =
        jwt_decode(&decoded, token.c_str(), bytes, key ? static_cast<int>(key->size()) : 0);
    Jwt owned(decoded);
    return failed ? nullptr : std::move(owned);
}

// Three parts of base64url. libjwt takes a C string: nothing of what it would cut off gets by.
bool is_compact(std::string_view token) {
    return token.size() <= kTokenBytes && std::count(token.begin(), token.end(), '.') == 2 &&
           std::all_of(token.begin(), token.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' ||
                      c == '.';
           });
}

base::Duration epoch_seconds(uint64_t seconds) {
    return std::chrono::seconds(static_cast<int64_t>(seconds));
}

base::Result<Grant, std::string> read_claims(Instant now, const char* json) {
    const auto document = JsonDocument::parse(json);
    if (!document) return refuse("the claims can not be read");
    constexpr uint64_t kLatest = 1'000'000'000'000;  // seconds; keeps the arithmetic in its bounds
    JsonFields claims(document->root(), "token");
    Grant grant;
    grant.room = claims.text("room", 64);
    grant.peer = claims.text("sub", 64);
    grant.name = claims.text_or("name", kNameBytes, "");
    grant.rights.publish = claims.flag_or("publish", true);
    grant.rights.subscribe = claims.flag_or("subscribe", true);
    grant.rights.data = claims.flag_or("data", true);
    grant.expires = Instant() + epoch_seconds(claims.number("exp", kLatest));
    const Instant from = Instant() + epoch_seconds(claims.number_or("nbf", kLatest, 0));
    if (!claims.ok()) return refuse(claims.error());
    if (now >= grant.expires + kLeeway) return refuse("the token has expired");
    if (now < from - kLeeway) return refuse("the token is not valid yet");
    return grant;
}

}  // namespace

std::optional<std::string> key_mistake(const TokenKey& key) {
    if (key.algorithm == Algorithm::Hs256) {
        if (key.material.size() < 32) return "an HS256 secret has 32 characters or more";
        return std::nullopt;
    }
    const std::unique_ptr<BIO, Free> bio(
        BIO_new_mem_buf(key.material.data(), static_cast<int>(key.material.size())));
    const std::unique_ptr<EVP_PKEY, Free> parsed(
        PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    if (!parsed) return "not a public key in PEM (-----BEGIN PUBLIC KEY-----)";
    if (key.algorithm == Algorithm::Rs256) {
        if (!EVP_PKEY_is_a(parsed.get(), "RSA")) return "RS256 takes an RSA key";
        if (EVP_PKEY_get_bits(parsed.get()) < 2048) return "an RSA key has 2048 bits or more";
        return std::nullopt;
    }
    char group[32] = "";
    if (!EVP_PKEY_is_a(parsed.get(), "EC") ||
        !EVP_PKEY_get_group_name(parsed.get(), group, sizeof group, nullptr) ||
        std::string_view(group) != "prime256v1") {
        return "ES256 takes a key on the curve P-256";
    }
    return std::nullopt;
}

base::Result<Grant, std::string> Tokens::check(Instant now, std::string_view text) const {
    const std::string token(text);
    if (!is_compact(token)) return refuse("not a token");
    const Jwt header = decode(token, nullptr);
    if (!header) return refuse("not a token");
    if (Text(jwt_get_headers_json(header.get(), "crit"))) {
        return refuse("the token has a critical header");  // none is understood: RFC 7515 §4.1.11
    }
    const char* kid = jwt_get_header(header.get(), "kid");
    const TokenKey* key = kid ? find(kid) : keys_.size() == 1 ? &keys_.front() : nullptr;
    if (!key) return refuse(kid ? "the token's kid names no key" : "the token lacks a kid");
    // The key says which algorithm is used, never the token: a public key is no HMAC secret, and
    // `none` is no signature. (jwt_get_alg() says none of whatever was not proved yet.)
    const char* algorithm = jwt_get_header(header.get(), "alg");
    if (!algorithm || algorithm != name_of(key->algorithm)) {
        return refuse("the token's alg is not that of its key");
    }
    const Jwt proved = decode(token, &key->material);
    if (!proved) return refuse("the token's signature is wrong");
    const Text claims(jwt_get_grants_json(proved.get(), nullptr));
    if (!claims) return refuse("the claims can not be read");
    return read_claims(now, claims.get());
}

std::optional<std::string> Tokens::issue(const Grant& grant) const {
    const auto key = std::find_if(keys_.begin(), keys_.end(), [](const TokenKey& candidate) {
        return candidate.algorithm == Algorithm::Hs256;
    });
    if (key == keys_.end()) return std::nullopt;
    JsonWriter claims;
    claims.object().text("room", grant.room).text("sub", grant.peer);
    if (!grant.name.empty()) claims.text("name", grant.name);
    claims.flag("publish", grant.rights.publish)
        .flag("subscribe", grant.rights.subscribe)
        .flag("data", grant.rights.data)
        .number("exp", grant.expires.micros() / 1'000'000)
        .end_object();
    jwt_t* made = nullptr;
    ENSURE(jwt_new(&made) == 0);
    const Jwt token(made);
    ENSURE(jwt_add_header(made, "kid", key->kid.c_str()) == 0);
    ENSURE(jwt_add_grants_json(made, claims.take().c_str()) == 0);
    ENSURE(jwt_set_alg(made, JWT_ALG_HS256,
                       reinterpret_cast<const unsigned char*>(key->material.data()),
                       static_cast<int>(key->material.size())) == 0);
    const Text text(jwt_encode_str(made));
    ENSURE(text != nullptr);
    return text.get();
}

const TokenKey* Tokens::find(std::string_view kid) const {
    const auto found = std::find_if(keys_.begin(), keys_.end(),
                                    [&](const TokenKey& key) { return key.kid == kid; });
    return found == keys_.end() ? nullptr : &*found;
}

}  // namespace parley::controller::api
