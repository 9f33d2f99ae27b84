#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "router-service/picture.h"

namespace parley::router_service {

struct ScaleRules {
    double target = 0.7;      // of the capacity: the rest is head-room
    Duration warm_up = 2min;  // from the wish for a server to its first room
    Duration hold = 10min;    // for so long fewer must be enough before fewer are wanted
    uint32_t least = 1;
    uint32_t most = 0;  // 0: no limit
};

// What the servers that are not lost carry together, in cores.
struct ScaleSample {
    double load = 0;       // predicted
    double capacity = 0;   // of those that take rooms
    uint32_t taking = 0;   // servers that take rooms, full or not
    uint32_t present = 0;  // but those that are on their way out for good: nobody counts them
    uint32_t drained = 0;
};
ScaleSample sample_of(const Picture& picture);

struct ScaleSignal {
    uint32_t wanted = 0;   // servers there should be; never asks to remove one that is not drained
    uint32_t needed = 0;   // that would be enough for the load expected
    uint32_t surplus = 0;  // that may be drained, so that fewer can be wanted
    double expected = 0;   // load when a server asked for now would be there, in cores
    ScaleSample sample = {};
    bool known = true;  // false: nothing was sampled yet, and nothing can be said
};

// Says how many servers there should be. Up at once, down with patience: a server too few is heard,
// a server too many is not. Who has just begun to look has no patience yet to be at the end of.
class Scale {
public:
    explicit Scale(ScaleRules rules) : rules_(rules) {}

    void on_sample(Instant now, const ScaleSample& sample);
    const ScaleSignal& signal() const { return signal_; }

private:
    struct Past {
        Instant at;
        double load;
        uint32_t needed;
    };

    double expected_load(Instant now, double load);
    uint32_t servers_for(double load, const ScaleSample& sample) const;
    uint32_t most_needed_lately() const;

    ScaleRules rules_;
    ScaleSignal signal_{.known = false};
    std::deque<Past> past_;  // as long as the hold
    Instant began_at_ = Instant::never();
    Instant last_at_;
};

// {"wanted": ..., "present": ..., ...}
std::string scale_json(const ScaleSignal& signal);

}  // namespace parley::router_service
