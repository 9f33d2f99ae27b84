#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace parley::bench {

// What ends the benchmark with an exit status: a packet that was lost or wrong, or a world in which
// nothing can be measured.
struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void require(bool holds, const std::string& otherwise) {
    if (!holds) throw Failure(otherwise);
}

// With the reason in errno.
[[noreturn]] inline void fail_with_errno(const std::string& what) {
    throw Failure(what + ": " + std::strerror(errno));
}

}  // namespace parley::bench
