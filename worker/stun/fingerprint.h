#pragma once

#include <cstdint>

#include "common/base/bytes.h"

namespace parley::stun {

// The value of a FINGERPRINT attribute that follows `before`, the message up to that attribute
// with its final length in the header: CRC-32 (ITU V.42) XOR "STUN". It tells STUN from other
// protocols and proves nothing about the sender. RFC 8489 §14.7.
uint32_t fingerprint_of(base::Bytes before);

}  // namespace parley::stun
