#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "controller/capacity/cost_model.h"
#include "controller/core.h"

namespace parley::controller::capacity {

// What a peer brings to a worker: the voices that it sends and hears, and those who hear it. Voices
// are fractions where it is not known whether there will be one.
struct PeerStreams {
    uint32_t transports = 2;
    double producers = 1;
    double consumers = 0;  // its own, and those of others for its voice
};

// How busy one worker is, in cores, and how busy it will be: what was measured in the last second,
// and what was promised to peers who are on their way and not yet seen in it.
class Gauge {
public:
    // A worker's counters, as they come about once a second. They begin anew with a new process.
    // `model` learns from them.
    void on_stats(Instant now, const WorkerInfo& info, CostModel& model);

    // A peer was placed here that will cost this much.
    void promise(Instant now, double load);

    // Nothing is known any more: the worker is gone.
    void reset() { *this = Gauge(); }

    // In cores; 1 is a worker that never sleeps, or that gets to its packets too late whatever it
    // uses itself.
    double load(Instant now) const;
    double measured() const { return measured_; }

    // Packets a second of one stream, sent or received, as learned here. Voices pause: this is less
    // than the 50 of one that never does.
    double packets_per_stream() const { return packets_per_stream_; }

private:
    struct Promise {
        Instant made;
        double load;
    };
    struct Seen {
        Instant at;
        uint32_t pid;
        uint64_t cpu_ns;
        uint64_t packets;
        uint64_t handshakes;
    };

    std::optional<Seen> last_;
    double measured_ = 0;
    int late_ = 0;  // reports in a row of a loop that was late
    double packets_per_stream_ = 25;
    std::deque<Promise> promises_;  // by age
};

// What one more such peer costs once it talks and hears, its handshakes spread over its warm-up.
double cost_of_peer(const Costs& costs, double packets_per_stream, const PeerStreams& streams);

}  // namespace parley::controller::capacity
