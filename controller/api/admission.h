#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "controller/api/http.h"
#include "controller/api/tokens.h"
#include "controller/core.h"

namespace parley::controller::api {

// How a signalling connection is closed that may not come in. Codes: docs/signalling.md.
struct Refusal {
    uint16_t code;
    std::string reason;
};

// Reads who wants in from the parameters of the signalling address. A token wins over roomId and
// peerId; without one they are believed, unless `token_required`.
base::Result<Admission, Refusal> admit(Instant now, const Query& query, std::string_view remote,
                                       const Tokens& tokens, bool token_required);

}  // namespace parley::controller::api
