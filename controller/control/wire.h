#pragma once

#include <string>

#include "common/base/bytes.h"
#include "flatbuffers/control_generated.h"

// What the two halves of the codec share. Nobody else includes the generated code.
namespace parley::controller::control {

namespace wire = ::parley::control;
namespace fb = ::flatbuffers;

inline std::string text(const fb::String* from) {
    return from ? from->str() : std::string();
}

// nullptr for what is not a whole, sound Frame.
const wire::Frame* verify(base::Bytes frame);

}  // namespace parley::controller::control
