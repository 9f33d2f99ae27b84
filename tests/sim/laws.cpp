#include "tests/sim/laws.h"

#include <utility>

#include "worker/net/demux.h"

namespace parley::sim {

namespace {

constexpr uint16_t kAeadAes128Gcm = 0x0007;

// A look at everything in a worker costs as much as many packets.
constexpr uint64_t kTurnsBetweenLooks = 256;

std::string text_of(const std::array<uint8_t, 46>& key) {
    return std::string(base::as_text(key));
}

// "consumer_" and "retransmission_" are of what was to go out; all others are of what came in.
uint64_t drops_named(const net::Drops& drops, std::string_view prefix) {
    uint64_t sum = 0;
    for (size_t i = 0; i < net::kDropKinds; ++i) {
        if (net::kDropNames[i].starts_with(prefix)) sum += drops[static_cast<net::Drop>(i)];
    }
    return sum;
}

// Stands for the key that the worker's pipe to that address sends with; nothing when it has none.
// Apart from all legs'.
std::optional<uint64_t> key_of_pipe(const WorkerProcess& worker, const net::Address& to) {
    std::optional<uint64_t> found;
    worker.engine().media().pipes().for_each([&](const router::Pipe& pipe) {
        if (!pipe.path() || pipe.path()->remote != to) return;
        uint64_t digest = 0;
        for (const uint8_t byte : pipe.local_key().key) digest = base::mix(digest ^ byte);
        found = (digest & 0xffffffff) | uint64_t{1} << 31;
    });
    return found;
}

}  // namespace

void Laws::on_sent(const net::Address& from, const net::Address& to, base::Bytes bytes,
                   uint64_t digest) {
    const net::Protocol protocol = net::protocol_of(bytes);
    if (protocol != net::Protocol::Rtp && protocol != net::Protocol::Rtcp) return;
    ++packets_;
    // What comes from a leg has the leg's own key, what goes to it that of the worker.
    const uint32_t sender = places_.leg_at(from);
    const uint32_t receiver = places_.leg_at(to);
    if (sender != 0) return ensure_index(uint64_t{2} * sender, bytes, digest);
    if (receiver != 0) return ensure_index(uint64_t{2} * receiver + 1, bytes, digest);
    piped_.push_back({from, to, {bytes.begin(), bytes.end()}, digest});
}

void Laws::ensure_index(uint64_t key, base::Bytes bytes, uint64_t digest) {
    const auto wrong = net::protocol_of(bytes) == net::Protocol::Rtp
                           ? indexes_.on_rtp(key, bytes, digest)
                           : indexes_.on_rtcp(key, bytes);
    if (wrong) world_.broken(*wrong);
}

void Laws::ensure_indexes_of_pipes(const WorkerProcess& worker) {
    for (const Piped& sent : std::exchange(piped_, {})) {
        if (!worker.is_at(sent.from)) continue;  // a stranger's, who has no key
        const uint64_t way = base::mix(number_of(sent.from) + 3 * number_of(sent.to));
        if (const auto key = key_of_pipe(worker, sent.to)) pipe_keys_.insert(way, *key);
        // Of a pipe that was closed in this very turn; or to where a guest has proved a path, and
        // nobody has ever lived.
        const uint64_t* known = pipe_keys_.find(way);
        const uint64_t key = known ? *known : (way & 0xffffffff) | uint64_t{1} << 31;
        ensure_index(key, sent.bytes, sent.digest);
    }
}

void Laws::on_keys(const dtls::SrtpKeys& keys) {
    if (keys.profile != kAeadAes128Gcm) world_.broken("not the SRTP profile that comes first");
    const bool fresh =
        keys_.insert(text_of(keys.local)).second && keys_.insert(text_of(keys.remote)).second;
    if (!fresh) world_.broken("two legs have an SRTP key in common");
}

void Laws::on_worker_turn(const WorkerProcess& worker) {
    ensure_indexes_of_pipes(worker);
    const std::string wrong = check_sums(worker.engine().counters(), worker.datagrams_received(),
                                         worker.outbox().packets());
    if (!wrong.empty()) world_.broken(wrong);
    ensure_limits(worker.engine().media());
    if (worker.turns() % kTurnsBetweenLooks == 0) worker.engine().ensure_invariants();
}

void Laws::ensure_limits(const engine::Media& media) {
    const size_t piped = media.pipes().size() * limits::kStreamsPerPipe;
    const bool inside =
        media.transports() <= limits::kTransports && media.pipes().size() <= limits::kPipes &&
        media.routers().size() <= limits::kRouters &&
        media.producers() <= media.transports() * limits::kProducersPerTransport + piped &&
        media.consumers() <= media.transports() * limits::kConsumersPerTransport + piped;
    if (!inside) world_.broken("a table is larger than its limit");
}

std::string check_sums(const router::Counters& counters, uint64_t datagrams_handed_in,
                       uint64_t packets_out) {
    using net::Drop;
    const net::Drops& drops = counters.drops;
    const uint64_t copies_dropped = drops_named(drops, "consumer_");
    const uint64_t again_dropped = drops_named(drops, "retransmission_");
    const uint64_t unsent = drops[Drop::SendBufferFull] + drops[Drop::SendFailed] +
                            drops[Drop::TcpBacklogFull];
    const uint64_t taken = counters.stun_received + counters.dtls_received +
                           counters.rtcp_received + counters.rtp_received;
    const uint64_t dropped = drops.total() - copies_dropped - again_dropped - unsent;
    if (counters.packets_received != datagrams_handed_in) {
        return "a worker counted " + std::to_string(counters.packets_received) +
               " datagrams and was handed " + std::to_string(datagrams_handed_in);
    }
    if (counters.packets_received != taken + dropped) {
        return "of " + std::to_string(counters.packets_received) + " datagrams in, " +
               std::to_string(taken) + " were taken and " + std::to_string(dropped) + " dropped";
    }
    if (counters.copies_due != counters.copies_sent + copies_dropped) {
        return "of " + std::to_string(counters.copies_due) + " copies, " +
               std::to_string(counters.copies_sent) + " were sent and " +
               std::to_string(copies_dropped) + " dropped";
    }
    if (counters.retransmissions_due != counters.retransmissions_sent + again_dropped) {
        return "of " + std::to_string(counters.retransmissions_due) + " retransmissions, " +
               std::to_string(counters.retransmissions_sent) + " were sent and " +
               std::to_string(again_dropped) + " dropped";
    }
    if (counters.copies_sent + counters.retransmissions_sent > packets_out) {
        return "more copies were counted than sent";
    }
    return "";
}

}  // namespace parley::sim
