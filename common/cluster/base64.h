#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::cluster {

// Bytes as text where only text may go. RFC 4648 §4, with padding and without line breaks.
std::string to_base64(std::span<const uint8_t> bytes);
// Nothing when it is not exactly what to_base64() could have written.
std::optional<std::vector<uint8_t>> from_base64(std::string_view text);

}  // namespace parley::cluster
