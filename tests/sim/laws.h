#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "common/base/flat_map.h"
#include "tests/sim/network.h"
#include "tests/sim/places.h"
#include "tests/sim/srtp_index_law.h"
#include "tests/sim/worker_process.h"
#include "worker/dtls/keys.h"

namespace parley::sim {

// The laws of the blueprint that can be looked at from outside the listeners' ears, after every
// event. What is heard is judged by VoiceReceiver. Whatever does not hold ends the run.
class Laws final : public Wiretap {
public:
    Laws(World& world, const Places& places) : world_(world), places_(places) {}

    // No SRTP index is used twice with one key.
    void on_sent(const net::Address& from, const net::Address& to, base::Bytes bytes,
                 uint64_t digest) override;
    // No two legs have a key in common.
    void on_keys(const dtls::SrtpKeys& keys);

    // Packets in are packets out and named drops; tables are inside their limits; now and then
    // all that the engine itself knows to be always true.
    void on_worker_turn(const WorkerProcess& worker);

    uint64_t packets_looked_at() const { return packets_; }

private:
    // What is from and to nobody's leg, until the turn is over: if a worker sent it, through a
    // pipe, that can be asked for the key.
    struct Piped {
        net::Address from, to;
        std::vector<uint8_t> bytes;
        uint64_t digest;
    };

    void ensure_index(uint64_t key, base::Bytes bytes, uint64_t digest);
    void ensure_indexes_of_pipes(const WorkerProcess& worker);
    void ensure_limits(const engine::Media& media);

    World& world_;
    const Places& places_;
    SrtpIndexLaw indexes_;
    std::vector<Piped> piped_;
    base::FlatMap<uint64_t, uint64_t> pipe_keys_;  // the latest, by both addresses
    std::set<std::string> keys_;
    uint64_t packets_ = 0;
};

// What is wrong with the sums of a worker that was handed so many datagrams, or "".
std::string check_sums(const router::Counters& counters, uint64_t datagrams_handed_in,
                       uint64_t packets_out);

}  // namespace parley::sim
