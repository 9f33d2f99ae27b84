#pragma once

#include "tests/bench/forward/datagram_socket.h"
#include "tests/support/worker_client.h"
#include "worker/dtls/identity.h"
#include "worker/srtp/profile.h"

namespace parley::bench {

// The other end of one of a worker's transports, as a browser is: it checks the path, shakes hands
// and takes keys. Each step waits for its answer, and throws Failure when there is none.
class Peer {
public:
    // `created` is what the worker says of its transport. The socket is borrowed.
    Peer(const DatagramSocket& socket, support::TransportCreated created);

    const sockaddr_in& worker() const { return worker_; }

    // A connectivity check that nominates; also what keeps consent fresh. RFC 8445, RFC 7675.
    void check();

    // As the client. The worker must have been told the fingerprint of `identity` before.
    struct Keys {
        srtp::Master to_worker, from_worker;
    };
    Keys shake_hands(const dtls::Identity& identity, srtp::Profile wanted);

private:
    const DatagramSocket* socket_;
    support::TransportCreated created_;
    sockaddr_in worker_;
    uint32_t checks_ = 0;
};

}  // namespace parley::bench
