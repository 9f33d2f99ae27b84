#pragma once

namespace parley::base {

// Says on standard error what did not hold, and aborts. A broken invariant is our own bug: the
// process stops rather than forward to the wrong ear, and the controller starts another.
[[noreturn]] void ensure_failed(const char* expression, const char* file, int line);

}  // namespace parley::base

// Checked in release builds too. Never for input: what the outside sends is an error, not a bug.
#define ENSURE(expression)                                                           \
    ((expression) ? static_cast<void>(0)                                             \
                  : ::parley::base::ensure_failed(#expression, __FILE__, __LINE__))
