#pragma once

#include <sys/types.h>

#include "tests/bench/forward/call.h"

namespace parley::bench {

// A process that forwards, and the people it has connected.
class Forwarder {
public:
    virtual ~Forwarder() = default;

    virtual pid_t pid() const = 0;
    virtual Call& call() = 0;

    // Done before each run: what people do to stay connected, and what they no longer want to hear.
    virtual void refresh() = 0;

    // So often has the process asked for memory since it began.
    virtual uint64_t allocations() const = 0;
};

}  // namespace parley::bench
