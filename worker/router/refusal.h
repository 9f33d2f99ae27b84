#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/result.h"

namespace parley::router {

// Why a command was not carried out. Nothing has changed then.
enum class Refusal : uint8_t {
    Malformed,      // a value is out of range
    NotFound,       // an id names nothing
    AlreadyExists,  // an id is taken
    LimitReached,   // a table of limits.h is full
    WrongState,     // connected twice, for example
    NotSupported,   // of a later version
    Ssrc,           // this SSRC, mid or rid already names another producer of the transport
};

struct Refused {
    Refusal why;
    std::string_view reason;  // a literal
};

inline base::Err<Refused> refused(Refusal why, std::string_view reason) {
    return base::Err<Refused>{{why, reason}};
}

template <typename T>
using Result = base::Result<T, Refused>;
using Status = Result<base::Unit>;

}  // namespace parley::router
