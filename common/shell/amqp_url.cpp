#include "common/shell/amqp_url.h"

#include <charconv>

namespace parley::shell {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// No part of a URL holds a zero byte: rabbitmq-c wants C strings.
std::optional<std::string> decoded(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] <= ' ' || text[i] == 0x7f) return std::nullopt;
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
        plain += static_cast<char>(16 * high + low);
        i += 2;
    }
    return plain;
}

bool take_user(std::string_view text, AmqpUrl& url) {
    const size_t colon = text.find(':');
    const auto user = decoded(text.substr(0, colon));
    const auto password = decoded(colon == text.npos ? "" : text.substr(colon + 1));
    if (!user || user->empty() || !password) return false;
    url.user = *user;
    url.password = *password;
    return true;
}

bool take_host(std::string_view text, AmqpUrl& url) {
    size_t end = text.find(':');
    if (text.starts_with('[')) {
        const size_t bracket = text.find(']');
        if (bracket == text.npos) return false;
        url.host = text.substr(1, bracket - 1);
        text.remove_prefix(bracket + 1);
        if (!text.empty() && text[0] != ':') return false;
        end = text.empty() ? text.npos : 0;
    } else {
        const auto host = decoded(text.substr(0, end));
        if (!host) return false;
        url.host = *host;
    }
    if (end == text.npos) return !url.host.empty();
    const std::string_view port = text.substr(end + 1);
    const auto [rest, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    return error == std::errc() && rest == port.data() + port.size() && url.port != 0 &&
           !url.host.empty();
}

}  // namespace

std::optional<AmqpUrl> parse_amqp_url(std::string_view text) {
    AmqpUrl url;
    if (text.starts_with("amqps://")) {
        url.tls = true;
        url.port = 5671;
        text.remove_prefix(8);
    } else if (text.starts_with("amqp://")) {
        text.remove_prefix(7);
    } else {
        return std::nullopt;
    }
    const size_t slash = text.find('/');
    std::string_view authority = text.substr(0, slash);
    if (slash != text.npos && slash + 1 < text.size()) {
        const auto vhost = decoded(text.substr(slash + 1));
        if (!vhost || text.find_first_of("/?#", slash + 1) != text.npos) return std::nullopt;
        url.vhost = *vhost;
    }
    if (const size_t at = authority.rfind('@'); at != authority.npos) {
        if (!take_user(authority.substr(0, at), url)) return std::nullopt;
        authority.remove_prefix(at + 1);
    }
    if (!take_host(authority, url)) return std::nullopt;
    return url;
}

}  // namespace parley::shell
