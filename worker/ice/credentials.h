#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/random.h"

namespace parley::ice {

// What one side of an ICE session is known by, until a restart. RFC 8445 §5.3.
struct Credentials {
    std::string username_fragment;
    std::string password;

    bool operator==(const Credentials&) const = default;
};

// A fragment of 8 ice-chars (48 bits) and a password of 32 (192 bits): RFC 8445 §5.3 asks for at
// least 24 and 128 bits. As strong as `random` is.
Credentials make_credentials(base::Random& random);

// The local fragment in a check's USERNAME, "local:remote". Nothing if there is no colon.
std::optional<std::string_view> local_fragment_of(std::string_view username);

// The same of a whole datagram: how the engine finds the transport that a check from a new path is
// for. No crypto, no allocation; the datagram is not proved, nor even known to be well formed.
// Nothing if it is no STUN binding request or has no USERNAME. Borrows. RFC 8445 §7.2.2.
std::optional<std::string_view> local_fragment_of(base::Bytes datagram);

}  // namespace parley::ice
