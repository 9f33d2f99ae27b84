#pragma once

#include "tests/bench/forward/forwarder.h"
#include "tests/bench/forward/peer.h"
#include "tests/bench/forward/worker_process.h"

namespace parley::bench {

// A scene connected by a real worker, over its control socket and with real handshakes: each
// speaker and each listener has a transport of its own.
class WorkerForwarder final : public Forwarder {
public:
    WorkerForwarder(const Scene& scene, const Sockets& sockets, const WorkerFiles& files,
                    int processor);

    pid_t pid() const override { return process_.pid(); }
    Call& call() override { return call_; }
    void refresh() override;
    uint64_t allocations() const override { return process_.allocations(); }

    // What the worker's resident memory grew by, for each listener with its transport and
    // consumers.
    double kib_per_listener() const { return kib_per_listener_; }

    // Throws Failure unless the worker has forwarded everything that was said, and nothing else.
    void require_nothing_dropped();

private:
    Peer::Keys connect(size_t room, uint64_t transport, const DatagramSocket& socket);
    void connect_speaker(uint32_t speaker);
    void connect_listener(uint32_t listener);
    void warm_up();

    const Scene& scene_;
    const Sockets& sockets_;
    WorkerProcess process_;
    Call call_;
    std::unique_ptr<dtls::Identity> identity_;
    std::vector<Peer> peers_;
    uint64_t next_id_ = 1;
    std::vector<std::vector<uint32_t>> voices_;  // of each listener: the speakers that he hears
    double kib_per_listener_ = 0;
};

}  // namespace parley::bench
