#include "common/cluster/wire.h"

#include <algorithm>

#include "common/cluster/ids.h"
#include "common/cluster/timestamps.h"

namespace parley::cluster::wire {

namespace {

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

std::string id(JsonFields& fields, std::string_view name) {
    const std::string_view text = fields.text(name, 64);
    if (fields.ok() && !is_id(text)) fields.fail(name, kIdWanted);
    return std::string(text);
}

std::string id_or_nothing(JsonFields& fields, std::string_view name) {
    const std::string_view text = fields.text_or(name, 64, "");
    if (!text.empty() && !is_id(text)) fields.fail(name, kIdWanted);
    return std::string(text);
}

std::string line(JsonFields& fields, std::string_view name, size_t most_bytes) {
    const std::string_view text = fields.text_or(name, most_bytes, "");
    if (has_control(text)) fields.fail(name, "no control characters");
    return std::string(text);
}

Instant instant(JsonFields& fields, std::string_view name) {
    const auto at = parse_timestamp(fields.text(name, 30));
    if (!at) fields.fail(name, "a time such as 2026-11-21T11:12:13.456Z");
    return at.value_or(Instant());
}

Epoch epoch(JsonFields& fields) {
    const Epoch epoch = fields.number("epoch", kNumberMost);
    if (epoch == 0) fields.fail("epoch", "1 or more");
    return epoch;
}

}  // namespace parley::cluster::wire
