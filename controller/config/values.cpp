#include "controller/config/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace parley::controller {

namespace {

struct Unit {
    std::string_view name;
    base::Duration length;
};
constexpr std::array<Unit, 4> kUnits = {{{"h", 1h}, {"min", 1min}, {"s", 1s}, {"ms", 1ms}}};

struct AlgorithmName {
    std::string_view name;
    TokenAlgorithm algorithm;
};
constexpr std::array<AlgorithmName, 3> kAlgorithms = {{{"HS256", TokenAlgorithm::Hs256},
                                                       {"ES256", TokenAlgorithm::Es256},
                                                       {"RS256", TokenAlgorithm::Rs256}}};

// Shorter secrets could be guessed. RFC 7518 §3.2 wants as many bits as the hash has.
constexpr size_t kLeastTokenSecret = 32;
constexpr size_t kLeastWebhookSecret = 16;

bool is_kid(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
    });
}

}  // namespace

std::optional<uint64_t> parse_number(std::string_view text, uint64_t least, uint64_t most) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (number < least || number > most) return std::nullopt;
    return number;
}

std::optional<double> parse_decimal(std::string_view text, double least, double most) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    // Written so that what is not a number is refused, too.
    return number >= least && number <= most ? std::optional(number) : std::nullopt;
}

std::string decimal_text(double number) {
    std::array<char, 32> room;
    const auto [end, error] =
        std::to_chars(room.data(), room.data() + room.size(), number, std::chars_format::fixed);
    return {room.data(), end};
}

std::optional<bool> parse_flag(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

std::optional<base::Duration> parse_duration(std::string_view text, base::Duration least,
                                             base::Duration most) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view name = digits == text.size() ? "s" : text.substr(digits);
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const Unit& known) { return known.name == name; });
    if (unit == kUnits.end()) return std::nullopt;
    const uint64_t longest = static_cast<uint64_t>(most / unit->length);
    const auto count = parse_number(text.substr(0, digits), 0, longest);
    if (!count) return std::nullopt;
    const base::Duration duration = unit->length * static_cast<int64_t>(*count);
    if (duration < least) return std::nullopt;
    return duration;
}

std::string duration_text(base::Duration duration) {
    for (const Unit& unit : kUnits) {
        if (duration.count() % unit.length.count() != 0 || duration < unit.length) continue;
        return std::to_string(duration / unit.length) + std::string(unit.name);
    }
    return std::to_string(duration / 1ms) + "ms";
}

bool is_ip(std::string_view text) {
    std::array<unsigned char, 16> bytes;
    const std::string copy(text);
    return inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1;
}

bool is_http_url(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!text.starts_with(scheme)) continue;
        const std::string_view rest = text.substr(scheme.size());
        return !rest.empty() && rest.front() != '/' && rest.front() != ':' &&
               std::all_of(rest.begin(), rest.end(),
                           [](char c) { return c > 0x20 && c < 0x7f && c != '#' && c != '"'; });
    }
    return false;
}

bool is_turn_url(std::string_view text) {
    const size_t colon = text.find(':');
    if (text.substr(0, colon) != "turn" && text.substr(0, colon) != "turns") return false;
    if (colon == text.npos) return false;
    text.remove_prefix(colon + 1);
    const size_t question = text.find('?');
    if (question != text.npos) {
        const std::string_view query = text.substr(question);
        if (query != "?transport=udp" && query != "?transport=tcp") return false;
    }
    std::string_view host = text.substr(0, question), port = "3478";
    const size_t bracket = host.rfind(']'), at = host.rfind(':');
    if (at != host.npos && (bracket == host.npos || at > bracket)) {
        port = host.substr(at + 1);
        host = host.substr(0, at);
    }
    const bool in_brackets = host.starts_with('[') && host.ends_with(']');
    const bool named = !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
    });
    const bool is_host = in_brackets ? is_ip(host.substr(1, host.size() - 2)) : named;
    return is_host && parse_number(port, 1, 65'535);
}

std::optional<TokenKeySource> parse_token_key(std::string_view text) {
    const size_t first = text.find(':');
    const size_t second = first == text.npos ? first : text.find(':', first + 1);
    if (second == text.npos) return std::nullopt;
    TokenKeySource key;
    key.kid = text.substr(0, first);
    key.value = text.substr(second + 1);
    const std::string_view name = text.substr(first + 1, second - first - 1);
    const auto known = std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                                    [&](const AlgorithmName& a) { return a.name == name; });
    if (known == kAlgorithms.end() || !is_kid(key.kid) || key.value.empty()) return std::nullopt;
    key.algorithm = known->algorithm;
    if (key.algorithm == TokenAlgorithm::Hs256 && key.value.size() < kLeastTokenSecret) {
        return std::nullopt;
    }
    return key;
}

std::string token_key_text(const TokenKeySource& key) {
    const auto known =
        std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                     [&](const AlgorithmName& a) { return a.algorithm == key.algorithm; });
    return key.kid + ":" + std::string(known->name) + ":" + key.value;
}

std::optional<WebhookTarget> parse_webhook(std::string_view text) {
    const size_t space = text.find(' ');
    if (space == text.npos) return std::nullopt;
    const std::string_view url = text.substr(0, space), secret = text.substr(space + 1);
    const bool plain = std::all_of(secret.begin(), secret.end(), [](char c) { return c > ' '; });
    if (!is_http_url(url) || secret.size() < kLeastWebhookSecret || !plain) return std::nullopt;
    return WebhookTarget{std::string(url), std::string(secret)};
}

}  // namespace parley::controller
