#pragma once

#include <string>
#include <string_view>

#include "common/base/random.h"

// One name for a request in the logs of all that it goes through: W3C Trace Context, level 1. No
// spans are recorded here, so a `traceparent` that came is passed on as it is (§3.2.2.3:
// parent-id).
namespace parley::cluster {

// A `traceparent` of a new trace, not sampled. §3.2.
std::string begin_trace(base::Random& random);

// The one that came, or a new one when none came or it cannot be read. §4.3.
std::string go_on_with_trace(std::string_view traceparent, base::Random& random);

// Its trace-id, 32 hexadecimal digits; "" when it is no valid traceparent. Borrowed from it.
std::string_view trace_id(std::string_view traceparent);

}  // namespace parley::cluster
