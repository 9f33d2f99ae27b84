// What one DTLS session holds on the heap once it is connected, and what a handshake costs both
// sides together.
// usage: bench_dtls
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "common/base/ensure.h"
#include "worker/dtls/session.h"

using namespace parley;
using namespace parley::dtls;

namespace {

constexpr size_t kSessions = 1'000;

void connect(Session& client, Session& server, base::Instant now) {
    Flight to_server, to_client;
    client.start(now, to_server);
    while (!to_server.empty()) {
        for (const auto& datagram : to_server) server.on_datagram(now, datagram, to_client);
        to_server.clear();
        for (const auto& datagram : std::exchange(to_client, {})) {
            client.on_datagram(now, datagram, to_server);
        }
    }
    ENSURE(client.state() == State::Connected && server.state() == State::Connected);
}

}  // namespace

int main() {
    const base::Instant now = base::Instant::from_micros(1'800'000'000'000'000);
    const auto identity = Identity::make(now);
    ENSURE(identity.ok());
    for (const Role kept_role : {Role::Server, Role::Client}) {
        std::vector<std::unique_ptr<Session>> kept;
        kept.reserve(kSessions);
        const size_t before = mallinfo2().uordblks;
        const auto begin = std::chrono::steady_clock::now();
        for (size_t i = 0; i < kSessions; ++i) {
            const bool server = kept_role == Role::Server;
            const Role other_role = server ? Role::Client : Role::Server;
            const auto& fingerprints = (*identity)->fingerprints();
            auto session = std::make_unique<Session>(**identity, kept_role, fingerprints, now);
            Session other(**identity, other_role, fingerprints, now);
            server ? connect(other, *session, now) : connect(*session, other, now);
            kept.push_back(std::move(session));
        }
        const auto took = std::chrono::steady_clock::now() - begin;
        const double each =
            std::chrono::duration<double, std::micro>(took).count() / double{kSessions};
        std::printf("connected as %s: %zu B for each session, %.0f us for a handshake\n",
                    kept_role == Role::Server ? "server" : "client",
                    (mallinfo2().uordblks - before) / kSessions, each);
    }
    return 0;
}
