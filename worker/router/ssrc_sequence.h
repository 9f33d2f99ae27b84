#pragma once

#include <cstdint>

#include "common/base/random.h"

namespace parley::router {

// SSRCs for the streams of one key: they look random, and none comes twice. An odd step walks the
// whole circle before it is back where it began.
class SsrcSequence {
public:
    explicit SsrcSequence(base::Random& random) : next_(random.u32()), step_(random.u32() | 1) {}

    // More than `reserved`: those small ones are for others to use.
    uint32_t next(uint32_t reserved) {
        do next_ += step_;
        while (next_ <= reserved);
        return next_;
    }

private:
    uint32_t next_;
    uint32_t step_;
};

}  // namespace parley::router
