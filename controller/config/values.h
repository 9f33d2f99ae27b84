#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/time.h"
#include "controller/config/config.h"

// The texts of single values, both ways. nullopt: the text is not allowed.
namespace parley::controller {

std::optional<uint64_t> parse_number(std::string_view text, uint64_t least, uint64_t most);

// The same with a fraction, as in 0.5.
std::optional<double> parse_decimal(std::string_view text, double least, double most);
std::string decimal_text(double number);

// "true" or "false".
std::optional<bool> parse_flag(std::string_view text);

// A whole number with a unit: ms, s, min, h. Without a unit: seconds.
std::optional<base::Duration> parse_duration(std::string_view text, base::Duration least,
                                             base::Duration most);
// In the largest unit that tells it exactly.
std::string duration_text(base::Duration duration);

// Whether the text is an IPv4 or IPv6 address.
bool is_ip(std::string_view text);

// "http://HOST..." or "https://HOST..." without spaces or a fragment.
bool is_http_url(std::string_view text);

// "turn:HOST...", "turns:HOST...": with a port and with "?transport=udp" or "?transport=tcp", or
// without. RFC 7065 §3.1.
bool is_turn_url(std::string_view text);

// "KID:HS256:SECRET", "KID:ES256:PATH" or "KID:RS256:PATH".
std::optional<TokenKeySource> parse_token_key(std::string_view text);
std::string token_key_text(const TokenKeySource& key);

// "URL SECRET".
std::optional<WebhookTarget> parse_webhook(std::string_view text);

}  // namespace parley::controller
