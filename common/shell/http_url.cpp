#include "common/shell/http_url.h"

#include <algorithm>
#include <charconv>

namespace parley::shell {

namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (text.substr(0, prefix.size()) != prefix) return false;
    text.remove_prefix(prefix.size());
    return true;
}

// Takes the host off the front: "[2001:db8::1]" or what ends at a colon.
std::string take_host(std::string_view& authority) {
    const bool bracketed = take_prefix(authority, "[");
    const size_t end = std::min(authority.find(bracketed ? ']' : ':'), authority.size());
    std::string host(authority.substr(0, end));
    authority.remove_prefix(end);
    if (bracketed && !take_prefix(authority, "]")) return "";
    return host;
}

}  // namespace

std::string HttpUrl::authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == (tls ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

std::optional<HttpUrl> parse_http_url(std::string_view text) {
    HttpUrl url;
    if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c >= 0x7f; }) ||
        text.find_first_of("@#\\") != text.npos) {
        return std::nullopt;
    }
    if (take_prefix(text, "https://")) {
        url.tls = true;
        url.port = 443;
    } else if (!take_prefix(text, "http://")) {
        return std::nullopt;
    }
    const size_t slash = std::min(text.find_first_of("/?"), text.size());
    std::string_view authority = text.substr(0, slash);
    url.target = text.substr(slash);
    if (url.target.empty() || url.target[0] == '?') url.target.insert(0, "/");

    url.host = take_host(authority);
    if (url.host.empty()) return std::nullopt;
    if (authority.empty()) return url;
    if (!take_prefix(authority, ":")) return std::nullopt;
    const char* const end = authority.data() + authority.size();
    const auto [at, error] = std::from_chars(authority.data(), end, url.port);
    if (error != std::errc() || at != end || url.port == 0) return std::nullopt;
    return url;
}

}  // namespace parley::shell
