// RAND_METHOD is deprecated, and the one way to replace both the public and the private
// randomness of OpenSSL 3.0 from outside.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tests/sim/virtual_world/seeded_rand.h"

#include <openssl/rand.h>

#include "common/base/ensure.h"

namespace parley::sim {

namespace {

SeededRand* current = nullptr;

}  // namespace

SeededRand::SeededRand(uint64_t seed) : random_(seed), before_(RAND_get_rand_method()) {
    ENSURE(current == nullptr);
    current = this;
    static const RAND_METHOD method = {nullptr, bytes, nullptr, nullptr, bytes, ready};
    ENSURE(RAND_set_rand_method(&method) == 1);
}

SeededRand::~SeededRand() {
    RAND_set_rand_method(static_cast<const RAND_METHOD*>(before_));
    current = nullptr;
}

int SeededRand::bytes(unsigned char* room, int size) {
    current->random_.fill({room, static_cast<size_t>(size)});
    return 1;
}

int SeededRand::ready() {
    return 1;
}

}  // namespace parley::sim
