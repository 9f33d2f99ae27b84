#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/time.h"

namespace parley::cluster {

// RFC 3339 in UTC with all six digits of a microsecond: "2026-11-21T11:12:13.456789Z".
std::string write_timestamp(base::Instant at);

// Takes what write_timestamp() gives, with 0 to 9 digits of a second's fraction; those after the
// sixth are cut off. Years 1970 to 9999. Only Z as a zone: services speak UTC.
std::optional<base::Instant> parse_timestamp(std::string_view text);

}  // namespace parley::cluster
