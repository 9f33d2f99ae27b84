#pragma once

#include "common/base/random.h"

namespace parley::shell {

// Cryptographically strong bits, from OpenSSL's generator: fit for keys, passwords and tokens.
// Without them nothing here is safe, so when there are none the process stops.
class SystemRandom final : public base::Random {
public:
    void fill(std::span<uint8_t> room) override;
};

}  // namespace parley::shell
