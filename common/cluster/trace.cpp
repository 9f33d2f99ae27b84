#include "common/cluster/trace.h"

#include <algorithm>

namespace parley::cluster {

namespace {

// version "-" trace-id "-" parent-id "-" trace-flags, in hexadecimal digits.
constexpr size_t kVersion = 2, kTraceId = 32, kParentId = 16, kFlags = 2;
constexpr size_t kTraceIdAt = kVersion + 1;
constexpr size_t kParentIdAt = kTraceIdAt + kTraceId + 1;
constexpr size_t kFlagsAt = kParentIdAt + kParentId + 1;
constexpr size_t kSize = kFlagsAt + kFlags;

bool is_hex(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// All zeroes name nothing.
bool is_id(std::string_view text) {
    return is_hex(text) && std::ranges::any_of(text, [](char c) { return c != '0'; });
}

std::string new_id(base::Random& random, size_t digits) {
    std::string id(digits, '0');
    while (!is_id(id)) {
        for (char& c : id) c = "0123456789abcdef"[random.below(16)];
    }
    return id;
}

}  // namespace

std::string begin_trace(base::Random& random) {
    return "00-" + new_id(random, kTraceId) + "-" + new_id(random, kParentId) + "-00";
}

std::string go_on_with_trace(std::string_view traceparent, base::Random& random) {
    return trace_id(traceparent).empty() ? begin_trace(random) : std::string(traceparent);
}

std::string_view trace_id(std::string_view text) {
    if (text.size() < kSize) return "";
    const std::string_view version = text.substr(0, kVersion);
    // What a later version has more comes behind a dash. §3.2.4.
    const bool right_size = text.size() == kSize || (version != "00" && text[kSize] == '-');
    const bool dashes =
        text[kTraceIdAt - 1] == '-' && text[kParentIdAt - 1] == '-' && text[kFlagsAt - 1] == '-';
    const std::string_view id = text.substr(kTraceIdAt, kTraceId);
    const bool valid = is_hex(version) && version != "ff" && right_size && dashes && is_id(id) &&
                       is_id(text.substr(kParentIdAt, kParentId)) &&
                       is_hex(text.substr(kFlagsAt, kFlags));
    return valid ? id : "";
}

}  // namespace parley::cluster
