#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/base/time.h"
#include "flatbuffers/control_generated.h"

// What the two halves of the codec share. Nobody else includes the generated code.
namespace parley::controller::control {

namespace wire = ::parley::control;
namespace fb = ::flatbuffers;

inline std::string text(const fb::String* from) {
    return from ? from->str() : std::string();
}

// None when it is negative; no longer than a year, so that no sum with it overflows.
inline std::optional<base::Duration> duration(int64_t us) {
    constexpr base::Duration kMost = 365 * 24h;
    if (us < 0) return std::nullopt;
    return std::min(base::Duration(us), kMost);
}

// nullptr for what is not a whole, sound Frame.
const wire::Frame* verify(base::Bytes frame);

}  // namespace parley::controller::control
