#pragma once

#include "common/base/time.h"

namespace parley::sim {

// While one lives, gettimeofday() and time() say in this whole process what it was set to, to
// every library too: OpenSSL times its DTLS flights with them. There is one at a time, used by one
// thread. An executable has it by linking virtual_world_dep.
class VirtualClock {
public:
    explicit VirtualClock(base::Instant now);
    ~VirtualClock();
    VirtualClock(const VirtualClock&) = delete;

    void set(base::Instant now);
};

}  // namespace parley::sim
