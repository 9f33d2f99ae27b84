#include "common/web/http.h"

#include <algorithm>
#include <charconv>

#include "common/json/json.h"

namespace parley::web {

namespace {

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded.push_back(text[i]);
            continue;
        }
        uint8_t byte = 0;
        const char* digits = text.data() + i + 1;
        if (i + 2 >= text.size() ||
            std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
            return std::nullopt;
        }
        decoded.push_back(static_cast<char>(byte));
        i += 2;
    }
    return decoded;
}

}  // namespace

std::optional<std::string_view> find(const Query& query, std::string_view name) {
    const auto found = std::find_if(query.begin(), query.end(),
                                    [&](const auto& parameter) { return parameter.first == name; });
    if (found == query.end()) return std::nullopt;
    return found->second;
}

std::optional<std::vector<std::string>> segments(std::string_view path) {
    std::vector<std::string> parts;
    if (path.starts_with('/')) path.remove_prefix(1);
    while (!path.empty()) {
        const size_t slash = std::min(path.find('/'), path.size());
        auto part = percent_decoded(path.substr(0, slash));
        if (!part) return std::nullopt;
        parts.push_back(std::move(*part));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return parts;
}

Response json_response(uint16_t status, std::string body) {
    return {.status = status, .content_type = "application/json", .body = std::move(body) + "\n"};
}

Response error_response(uint16_t status, std::string_view reason) {
    JsonWriter json;
    json.object().key("error").object();
    json.number("code", uint32_t{status}).text("reason", reason);
    json.end_object().end_object();
    return json_response(status, json.take());
}

}  // namespace parley::web
