#pragma once

#include "tests/bench/forward/child.h"
#include "tests/bench/forward/forwarder.h"

namespace parley::bench {

// The floor that a worker is measured against, in a process of its own: recvmmsg, unprotect, and
// for each listener rewrite the header, protect with that listener's key, sendmmsg of 64. It knows
// who is who beforehand. No RTCP, no replay window, no statistics, no UDP_SEGMENT.
class BareLoop final : public Forwarder {
public:
    BareLoop(const Scene& scene, const Sockets& sockets, int processor);

    pid_t pid() const override { return child_.pid(); }
    Call& call() override { return call_; }
    void refresh() override { sockets_.discard_all(); }
    uint64_t allocations() const override { return 0; }

private:
    const Sockets& sockets_;
    DatagramSocket socket_;
    Call call_;
    Child child_;
};

}  // namespace parley::bench
