#include "tests/sim/autoscaler/kubernetes.h"

#include <algorithm>
#include <cmath>

namespace parley::sim {

namespace {

constexpr Duration kUpPeriod = 15s, kDownPeriod = 60s;

}  // namespace

Kubernetes::Kubernetes(Rules rules, uint32_t regions, base::Random& random)
    : rules_(rules), regions_(regions), random_(random), replicas_(rules.least) {}

void Kubernetes::on_second(Instant now, std::optional<uint32_t> wanted) {
    if (now >= next_sync_) {
        next_sync_ = now + rules_.sync;
        if (wanted) scale(now, *wanted);
    }
    evict(now);
    for (auto& [name, pod] : pods_) {
        if (pod.phase == Phase::Pending && now >= pod.runs_at) pod.phase = Phase::Running;
    }
    renew();
    reconcile(now);
}

void Kubernetes::on_ended(const std::string& name) {
    pods_.erase(name);
}

void Kubernetes::scale(Instant now, uint32_t wanted) {
    const double ratio = static_cast<double>(wanted) / replicas_;
    uint32_t desired = std::abs(ratio - 1) <= rules_.tolerance ? replicas_ : wanted;
    desired = std::clamp(desired, rules_.least, rules_.most);
    recommended_.emplace_back(now, desired);
    while (recommended_.front().first + rules_.down_stabilization < now) recommended_.pop_front();
    if (desired < replicas_) {
        for (const auto& [at, one] : recommended_) desired = std::max(desired, one);
        desired = std::min(desired, replicas_);
    }
    // No faster than the policies allow, by what was there when their periods began.
    while (!scaled_.empty() && scaled_.front().first + kDownPeriod <= now) scaled_.pop_front();
    int up = 0, down = 0;
    for (const auto& [at, by] : scaled_) {
        if (by > 0 && at + kUpPeriod > now) up += by;
        if (by < 0) down -= by;
    }
    const int begin_up = static_cast<int>(replicas_) - up;
    const int begin_down = static_cast<int>(replicas_) + down;
    const int highest = begin_up + std::max(4, begin_up);
    const int lowest = begin_down - std::max(1, begin_down / 10);
    const int next = std::clamp(static_cast<int>(desired), std::min(lowest, highest), highest);
    if (next == static_cast<int>(replicas_)) return;
    scaled_.emplace_back(now, next - static_cast<int>(replicas_));
    replicas_ = static_cast<uint32_t>(next);
}

// As the ReplicaSet ranks them: not running, not ready, of least cost, the youngest.
bool Kubernetes::before(const Pod& a, const Pod& b) const {
    if (a.phase != b.phase) return a.phase == Phase::Pending;
    if (a.ready != b.ready) return !a.ready;
    if (a.deletion_cost != b.deletion_cost) return a.deletion_cost < b.deletion_cost;
    return a.made_at != b.made_at ? a.made_at > b.made_at : a.name > b.name;
}

void Kubernetes::reconcile(Instant now) {
    std::vector<Pod*> mine;
    std::vector<uint32_t> in_region(regions_);
    for (auto& [name, pod] : pods_) {
        if (pod.phase == Phase::Terminating) continue;
        mine.push_back(&pod);
        ++in_region[pod.region];
    }
    while (mine.size() < replicas_) {
        uint32_t region = 0;
        for (uint32_t other = 0; other < regions_; ++other) {
            const bool better = in_region[other] < in_region[region] || region == lost_region_;
            if (other != lost_region_ && better) region = other;
        }
        ++in_region[region];
        const Duration spread = rules_.machine_most - rules_.machine_least;
        const Duration takes =
            rules_.machine_least +
            Duration(static_cast<int64_t>(random_.below(static_cast<uint64_t>(spread.count()))));
        const std::string name = "pod-" + std::to_string(++last_pod_);
        Pod& pod = pods_[name];
        pod = {.name = name, .region = region, .made_at = now, .runs_at = now + takes};
        mine.push_back(&pod);
    }
    if (mine.size() == replicas_) return;
    std::ranges::sort(mine, [this](const Pod* a, const Pod* b) { return before(*a, *b); });
    mine.resize(mine.size() - replicas_);
    for (Pod* pod : mine) {
        if (pod->phase == Phase::Pending) {
            pods_.erase(pod->name);
        } else {
            pod->phase = Phase::Terminating;
        }
    }
}

void Kubernetes::roll_out() {
    for (auto& [name, pod] : pods_) pod.outdated = true;
}

void Kubernetes::renew() {
    std::vector<Pod*> outdated;
    for (auto& [name, pod] : pods_) {
        if (pod.phase == Phase::Terminating) continue;
        if (!pod.ready && !pod.outdated) return;
        if (pod.outdated) outdated.push_back(&pod);
    }
    outdated.resize(std::min<size_t>(outdated.size(), std::max(1u, replicas_ / 10)));
    for (Pod* pod : outdated) pod->phase = Phase::Terminating;
}

void Kubernetes::evict(Instant now) {
    for (auto& [name, pod] : pods_) {
        pod.reachable = pod.region != lost_region_;
        if (pod.reachable) pod.unreachable_since = Instant::never();
        if (pod.reachable || pod.phase != Phase::Running) continue;
        if (pod.unreachable_since.is_never()) pod.unreachable_since = now;
        const Duration silent = now - pod.unreachable_since;
        pod.ready = pod.ready && silent < rules_.noticed;
        if (silent >= rules_.noticed + rules_.tolerated) pod.phase = Phase::Terminating;
    }
}

}  // namespace parley::sim
