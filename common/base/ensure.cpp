#include "common/base/ensure.h"

#include <cstdio>
#include <cstdlib>

namespace parley::base {

void ensure_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: ENSURE(%s) does not hold\n", file, line, expression);
    std::abort();
}

}  // namespace parley::base
