#pragma once

#include <array>
#include <cstdint>

#include "common/base/bytes.h"

namespace parley::srtp {

// HMAC-SHA1 with a kept key: the two SHA-1 states behind the padded key are made once, and are all
// that is kept, so a packet costs its own blocks and one more. RFC 2104 §4. EVP_MAC takes twice
// the time and a context on the heap.
class HmacSha1 {
public:
    using Digest = std::array<uint8_t, 20>;

    // `key` is at most 64 bytes.
    void set_key(base::Bytes key);

    // Over `text` and then `tail`.
    Digest digest(base::Bytes text, base::Bytes tail) const;

private:
    std::array<uint32_t, 5> inner_{}, outer_{};
};

}  // namespace parley::srtp
