#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "common/base/random.h"
#include "tests/sim/virtual_world/virtual_clock.h"
#include "worker/dtls/session.h"

namespace parley::dtls {

using Bytes = std::vector<uint8_t>;

inline const base::Instant kBegin = base::Instant::from_micros(1'800'000'000'000'000);

inline std::unique_ptr<Identity> make_identity() {
    auto identity = Identity::make(kBegin);
    REQUIRE(identity);
    return std::move(*identity);
}

// Two identities, made once for the tests that do not care which ones they are.
inline const Identity& client_identity() {
    static const std::unique_ptr<Identity> identity = make_identity();
    return *identity;
}
inline const Identity& server_identity() {
    static const std::unique_ptr<Identity> identity = make_identity();
    return *identity;
}

// One datagram on its way, for the link to lose, change or delay.
struct Passing {
    bool from_client;
    size_t number;  // from 0, of both directions
    Bytes& bytes;
    base::Duration delay = 10ms;
    int copies = 1;  // 0: lost
};

// A client and a server with a link between them, in virtual time.
class Pair {
public:
    using Link = std::function<void(Passing&)>;

    explicit Pair(Link given = {}, const Identity& ours = client_identity(),
                  const Identity& theirs = server_identity())
        : client(ours, Role::Client, theirs.fingerprints(), kBegin),
          server(theirs, Role::Server, ours.fingerprints(), kBegin),
          link(std::move(given)) {}

    void start() {
        Flight out;
        server.start(now, out);
        CHECK(out.empty());
        client.start(now, out);
        send(true, out);
    }

    // Goes on until nothing is on its way and nobody waits, or the time is over.
    void run(base::Duration length = 60s) {
        const base::Instant end = now + length;
        for (;;) {
            const base::Instant due = std::min(client.next_deadline(), server.next_deadline());
            const base::Instant arrival =
                travelling.empty() ? base::Instant::never() : travelling.top().at;
            const base::Instant next = std::min(due, arrival);
            if (next > end) break;
            move_to(std::max(next, now));
            arrival <= due ? deliver() : wake();
        }
    }

    void send(bool from_client, Flight& out) {
        for (Bytes& bytes : out) {
            sent.push_back(bytes);
            sent_by_client.push_back(from_client);
            Passing passing{from_client, sent.size() - 1, bytes};
            if (link) link(passing);
            for (int i = 0; i < passing.copies; ++i) {
                travelling.push({now + passing.delay, order++, from_client, bytes});
            }
        }
        out.clear();
    }

    Session& side(bool of_client) { return of_client ? client : server; }

    base::Instant now = kBegin;
    sim::VirtualClock clock{now};
    Session client, server;
    Link link;
    std::vector<Bytes> sent;  // before the link touched them
    std::vector<bool> sent_by_client;

private:
    struct Travelling {
        base::Instant at;
        size_t order;
        bool from_client;
        Bytes bytes;

        bool operator<(const Travelling& other) const {  // the earliest is the largest
            return at != other.at ? at > other.at : order > other.order;
        }
    };

    void move_to(base::Instant to) {
        now = to;
        clock.set(now);
    }

    void deliver() {
        const Travelling arrived = travelling.top();
        travelling.pop();
        Flight out;
        side(!arrived.from_client).on_datagram(now, arrived.bytes, out);
        send(!arrived.from_client, out);
    }

    void wake() {
        for (const bool of_client : {true, false}) {
            Flight out;
            side(of_client).on_deadline(now, out);
            send(of_client, out);
        }
    }

    std::priority_queue<Travelling> travelling;
    size_t order = 0;
};

// Both connected, with the same keys the other way round.
inline void check_connected(const Pair& pair) {
    REQUIRE(pair.client.state() == State::Connected);
    REQUIRE(pair.server.state() == State::Connected);
    const SrtpKeys& ours = *pair.client.keys();
    const SrtpKeys& theirs = *pair.server.keys();
    CHECK(ours.profile == theirs.profile);
    CHECK(ours.key_size == theirs.key_size);
    CHECK(ours.salt_size == theirs.salt_size);
    CHECK(ours.local == theirs.remote);
    CHECK(ours.remote == theirs.local);
    CHECK(ours.local != ours.remote);
}

}  // namespace parley::dtls
