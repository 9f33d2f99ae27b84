#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "controller/core.h"

namespace parley::controller::api {

// A key that peer tokens are checked with, and signed with when it is Hs256.
struct TokenKey {
    enum class Algorithm : uint8_t { Hs256, Es256, Rs256 };

    std::string kid;
    Algorithm algorithm = Algorithm::Hs256;
    std::string material;  // Hs256: the secret; else a public key as PEM text
};

// Why the key can not be used: not PEM, another kind of key, too weak. nullopt when it can.
std::optional<std::string> key_mistake(const TokenKey& key);

// What a token says. RFC 7519; the claims are room, sub (the peer), exp, and optionally nbf, name,
// publish, subscribe and data.
struct Grant {
    std::string room;
    std::string peer;
    std::string name;  // for others to see; "" when the token leaves it to the peer
    Rights rights;
    Instant expires;
};

// Checks and issues peer tokens.
class Tokens {
public:
    // REQUIRES: no key has a key_mistake(), and each kid is there once.
    explicit Tokens(std::vector<TokenKey> keys) : keys_(std::move(keys)) {}

    // The reason of a refusal is for the peer's developer: it gives nothing of a key away.
    base::Result<Grant, std::string> check(Instant now, std::string_view token) const;

    // Signed with the first Hs256 key; nullopt when there is none.
    std::optional<std::string> issue(const Grant& grant) const;

private:
    const TokenKey* find(std::string_view kid) const;

    std::vector<TokenKey> keys_;
};

}  // namespace parley::controller::api
