#pragma once

#include <cstdint>

#include "common/base/random.h"

namespace parley::sim {

// While one lives, all that OpenSSL draws at random in this process, keys and signatures too, is
// the same for the same seed. There is one at a time, used by one thread.
class SeededRand {
public:
    explicit SeededRand(uint64_t seed);
    ~SeededRand();
    SeededRand(const SeededRand&) = delete;

private:
    static int bytes(unsigned char* room, int size);
    static int ready();

    base::SeededRandom random_;
    const void* before_;  // the RAND_METHOD that was installed
};

}  // namespace parley::sim
