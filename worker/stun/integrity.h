#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "common/base/bytes.h"
#include "worker/stun/message.h"

namespace parley::stun {

using Integrity = std::array<uint8_t, kIntegrityBytes>;

// The value of a MESSAGE-INTEGRITY attribute that follows `before`, the message up to that
// attribute: HMAC-SHA1 with the length in the header read as if the message ended behind the
// attribute. `key` is the password itself for short-term credentials, as ICE has them.
// REQUIRES: `before` holds a header. Allocates nothing. RFC 8489 §14.5.
Integrity integrity_of(base::Bytes before, std::string_view key);

// True when the message carries a MESSAGE-INTEGRITY made with `password`. Everything before that
// attribute is then the sender's word, and nothing behind it. Takes the same time for every wrong
// value. RFC 8489 §14.5.
bool verify_integrity(const MessageView& message, std::string_view password);

}  // namespace parley::stun
