#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/web/http.h"

namespace parley::web {

// Who may administer. With keys: whoever shows one as a bearer token (RFC 6750 §2.1). Without:
// only what comes from this machine itself, which a page of another site, opened in a browser on
// this machine, does not.
class Gate {
public:
    explicit Gate(const std::vector<std::string>& keys);

    // nullopt when the request may pass; else its answer, 401 or 403.
    std::optional<Response> refusal(const Request& request) const;

private:
    using Digest = std::array<unsigned char, 32>;

    bool holds_key(std::string_view authorization) const;

    std::vector<Digest> keys_;  // SHA-256: equally long, whatever the keys are
};

// "127.0.0.1", "::1", "::ffff:127.0.0.1" and their like.
bool is_loopback_ip(std::string_view ip);

// "localhost:4400", "[::1]", "127.0.0.1:80".
bool is_loopback_host(std::string_view host);

}  // namespace parley::web
