#include "common/shell/random.h"

#include <openssl/rand.h>

#include "common/base/ensure.h"

namespace parley::shell {

void SystemRandom::fill(std::span<uint8_t> room) {
    while (!room.empty()) {
        const size_t size = room.size() < 4096 ? room.size() : 4096;  // RAND_bytes counts in int
        ENSURE(RAND_bytes(room.data(), static_cast<int>(size)) == 1);
        room = room.subspan(size);
    }
}

}  // namespace parley::shell
