#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/time.h"

namespace parley::sim {

using base::Duration;
using base::Instant;

// What of Kubernetes decides about servers, by its documentation and as deploy/k8s sets it: the
// horizontal autoscaler with its tolerance, policies and stabilization, the ReplicaSet's order of
// deletion, machines that take their time, and pods that drain before they end.
class Kubernetes {
public:
    enum class Phase : uint8_t { Pending, Running, Terminating };
    struct Pod {
        std::string name;
        uint32_t region;
        Phase phase = Phase::Pending;
        Instant made_at, runs_at;
        bool ready = false;
        bool reachable = true;
        bool outdated = false;  // of an earlier version
        Instant unreachable_since = Instant::never();
        int64_t deletion_cost = 0;
    };

    struct Rules {
        uint32_t least = 2, most = 100;
        double tolerance = 0.1;  // of the ratio of wanted to present: the autoscaler's own default
        Duration sync = 15s;
        Duration down_stabilization = 60s;
        Duration machine_least = 50s, machine_most = 100s;  // until a new one runs its pod
        Duration noticed = 40s;                             // a machine that nobody can reach
        Duration tolerated = 30s;                           // then, before its pods are replaced
    };

    Kubernetes(Rules rules, uint32_t regions, base::Random& random);

    // Once a second. `wanted`: what the router-service answers, if it answers.
    void on_second(Instant now, std::optional<uint32_t> wanted);
    // It has ended: its machine is given back.
    void on_ended(const std::string& name);

    std::map<std::string, Pod>& pods() { return pods_; }
    uint32_t replicas() const { return replicas_; }
    void roll_out();  // a new version: a tenth of the pods at once, when all are ready
    void lose_region(std::optional<uint32_t> region) { lost_region_ = region; }

private:
    void scale(Instant now, uint32_t wanted);
    void reconcile(Instant now);
    void evict(Instant now);
    void renew();
    bool before(const Pod& a, const Pod& b) const;

    Rules rules_;
    uint32_t regions_;
    base::Random& random_;
    std::map<std::string, Pod> pods_;
    uint32_t replicas_;
    uint64_t last_pod_ = 0;
    Instant next_sync_;
    std::optional<uint32_t> lost_region_;
    std::deque<std::pair<Instant, uint32_t>> recommended_;
    std::deque<std::pair<Instant, int>> scaled_;  // for the policies: by how much, and when
};

}  // namespace parley::sim
