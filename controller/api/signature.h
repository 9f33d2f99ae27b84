#pragma once

#include <string>
#include <string_view>

#include "common/base/time.h"

namespace parley::controller::api {

// The value of Parley-Signature: "t=<seconds>,v1=<hex>", HMAC-SHA256 over "<seconds>.<body>".
// A receiver computes the same, compares in constant time, and refuses what is minutes old.
std::string signature(base::Instant now, std::string_view secret, std::string_view body);

}  // namespace parley::controller::api
