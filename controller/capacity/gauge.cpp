#include "controller/capacity/gauge.h"

#include <algorithm>

namespace parley::controller::capacity {

namespace {

// A peer has made its transports, and its voice is in the measurements, after this.
constexpr base::Duration kWarmUp = 8s;
constexpr double kSmoothing = 0.3;  // of the load: three seconds or so
constexpr double kStreamSmoothing = 0.05;
// On average, in each of so many reports: listeners' jitter buffers have nothing left by then.
// Something else has the processor, so what the worker uses of it does not tell.
constexpr base::Duration kLate = 50ms;
constexpr int kLateReports = 3;
constexpr size_t kPromisesMost = 10'000;

double seconds(base::Duration span) {
    return std::chrono::duration<double>(span).count();
}

}  // namespace

void Gauge::on_stats(Instant now, const WorkerInfo& info, CostModel& model) {
    const Seen seen{now, info.pid, info.cpu_ns, info.packets_received + info.packets_sent,
                    info.handshakes_completed + info.handshakes_failed};
    const auto before = std::exchange(last_, seen);
    late_ = info.loop_delay_mean < kLate ? 0 : std::min(late_ + 1, kLateReports);
    while (!promises_.empty() && promises_.front().made + kWarmUp <= now) promises_.pop_front();
    if (!before || before->pid != seen.pid || now <= before->at || seen.cpu_ns < before->cpu_ns ||
        seen.packets < before->packets || seen.handshakes < before->handshakes) {
        return;
    }
    const auto used = base::Duration(static_cast<int64_t>((seen.cpu_ns - before->cpu_ns) / 1'000));
    if (used > (now - before->at) * 2) return;  // one thread can not: whatever it says is not so
    const Work work{now - before->at, used, seen.packets - before->packets, info.transports,
                    seen.handshakes - before->handshakes};
    model.on_work(work);
    const double load = seconds(work.cpu) / seconds(work.span);
    measured_ += (load - measured_) * kSmoothing;
    const uint64_t streams = uint64_t{info.producers} + info.consumers;
    if (streams == 0) return;
    const double rate =
        static_cast<double>(work.packets) / seconds(work.span) / static_cast<double>(streams);
    packets_per_stream_ += (std::min(rate, 100.0) - packets_per_stream_) * kStreamSmoothing;
}

void Gauge::promise(Instant now, double load) {
    if (promises_.size() == kPromisesMost) promises_.pop_front();
    promises_.push_back({now, load});
}

double Gauge::load(Instant now) const {
    double sum = measured_;
    for (const Promise& promise : promises_) {
        // It shows in the measurements by and by.
        const double left = 1 - seconds(now - promise.made) / seconds(kWarmUp);
        sum += promise.load * std::clamp(left, 0.0, 1.0);
    }
    return late_ < kLateReports ? sum : std::max(sum, 1.0);
}

double cost_of_peer(const Costs& costs, double packets_per_stream, const PeerStreams& streams) {
    const double packets = packets_per_stream * (streams.producers + streams.consumers);
    const double handshakes = streams.transports / seconds(kWarmUp);
    return (packets * costs.packet_ns + streams.transports * costs.transport_ns_per_s +
            handshakes * costs.handshake_ns) *
           1e-9;
}

}  // namespace parley::controller::capacity
