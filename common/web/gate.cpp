#include "common/web/gate.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace parley::web {

namespace {

std::array<unsigned char, 32> digest_of(std::string_view text) {
    std::array<unsigned char, 32> digest;
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return digest;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

// "https://localhost:4400" -> "localhost:4400".
std::string_view host_of_origin(std::string_view origin) {
    const size_t scheme = origin.find("://");
    return scheme == origin.npos ? origin : origin.substr(scheme + 3);
}

}  // namespace

Gate::Gate(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) keys_.push_back(digest_of(key));
}

std::optional<Response> Gate::refusal(const Request& request) const {
    if (!keys_.empty()) {
        if (holds_key(request.authorization)) return std::nullopt;
        Response answer = error_response(401, "an admin key is wanted: Authorization: Bearer KEY");
        answer.headers.emplace_back("WWW-Authenticate", "Bearer");
        return answer;
    }
    if (!is_loopback_ip(request.remote) || request.forwarded) {
        return error_response(403, "no admin-key is configured: only this machine may ask");
    }
    // A name that was made to point here, and a page of another site, come from the browser of
    // whoever sits at this machine: the address alone does not tell them apart.
    if (!is_loopback_host(request.host)) {
        return error_response(403, "no admin-key is configured: ask localhost, by that name");
    }
    if (!request.origin.empty() && !is_loopback_host(host_of_origin(request.origin))) {
        return error_response(403, "no admin-key is configured: a page of another origin asks");
    }
    return std::nullopt;
}

// Takes as long for a wrong key as for a right one.
bool Gate::holds_key(std::string_view authorization) const {
    constexpr std::string_view kScheme = "Bearer ";
    if (authorization.size() < kScheme.size() ||
        !equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) {
        return false;
    }
    const Digest shown = digest_of(authorization.substr(kScheme.size()));
    int matches = 0;
    for (const Digest& key : keys_) {
        matches |= CRYPTO_memcmp(key.data(), shown.data(), shown.size()) == 0;
    }
    return matches != 0;
}

bool is_loopback_ip(std::string_view ip) {
    constexpr std::string_view kMapped = "::ffff:";
    if (ip.starts_with(kMapped)) ip.remove_prefix(kMapped.size());
    return ip == "::1" ||
           (ip.starts_with("127.") && ip.find_first_not_of("0123456789.") == ip.npos);
}

bool is_loopback_host(std::string_view host) {
    if (host.starts_with('[')) {
        const size_t end = host.find(']');
        return end != host.npos && is_loopback_ip(host.substr(1, end - 1));
    }
    const std::string_view name = host.substr(0, host.find(':'));
    return equal_ignoring_case(name, "localhost") || is_loopback_ip(name);
}

}  // namespace parley::web
