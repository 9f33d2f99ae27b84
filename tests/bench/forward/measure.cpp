#include "tests/bench/forward/measure.h"

#include <unistd.h>

#include <algorithm>

#include "tests/bench/forward/load.h"
#include "tests/bench/forward/usage.h"

namespace parley::bench {

namespace {

// A run is thrown away when generator or forwarder had to wait for longer than this share of it.
constexpr double kStarved = 0.05;

double percentile_99_us(std::vector<uint32_t>& latencies_ns) {
    if (latencies_ns.empty()) return 0;
    const auto at = latencies_ns.begin() + static_cast<ptrdiff_t>(latencies_ns.size() * 99 / 100);
    std::nth_element(latencies_ns.begin(), at, latencies_ns.end());
    return *at / 1e3;
}

Heard load(Load& load, Pace pace, uint64_t duration_ns) {
    return pace == Pace::Saturation ? load.saturate(duration_ns) : load.pace(duration_ns);
}

Run run_once(const Scene& scene, Pace pace, const Effort& effort, Forwarder& forwarder) {
    forwarder.refresh();
    Load all(scene, forwarder.call());
    load(all, pace, effort.warm_up_ns);

    const CpuTime forwarder_before = cpu_time_of(forwarder.pid());
    const CpuTime generator_before = cpu_time_of(getpid());
    const uint64_t allocations_before = forwarder.allocations();
    Heard heard = load(all, pace, effort.load_ns);
    const CpuTime used = cpu_time_of(forwarder.pid()) - forwarder_before;
    const CpuTime generator = cpu_time_of(getpid()) - generator_before;

    const auto packets = static_cast<double>(heard.heard);
    Run run;
    run.us_per_packet = static_cast<double>(used.ran_ns) / 1e3 / packets;
    run.packets_per_second = packets / heard.seconds;
    run.allocations_per_packet =
        static_cast<double>(forwarder.allocations() - allocations_before) / packets;
    run.p99_us = percentile_99_us(heard.latencies_ns);
    const double nanoseconds = heard.seconds * 1e9;
    run.starved = std::max({static_cast<double>(generator.waited_ns) / nanoseconds,
                            static_cast<double>(used.waited_ns) / nanoseconds,
                            static_cast<double>(heard.late) / static_cast<double>(heard.spoken)});
    return run;
}

// The first run in which nobody was starved, or else the one that was starved least.
Run run_undisturbed(const Scene& scene, Pace pace, const Effort& effort, Forwarder& forwarder,
                    size_t& starved) {
    Run best = run_once(scene, pace, effort, forwarder);
    for (size_t i = 0; i < effort.repeats && best.starved > kStarved; ++i) {
        const Run again = run_once(scene, pace, effort, forwarder);
        if (again.starved < best.starved) best = again;
    }
    if (best.starved > kStarved) ++starved;
    return best;
}

}  // namespace

Pair measure(const Scene& scene, Pace pace, const Effort& effort, Forwarder& worker,
             Forwarder& floor) {
    Pair pair;
    for (size_t i = 0; i < effort.runs; ++i) {
        pair.floor.push_back(run_undisturbed(scene, pace, effort, floor, pair.starved));
        pair.worker.push_back(run_undisturbed(scene, pace, effort, worker, pair.starved));
    }
    return pair;
}

double median(const std::vector<Run>& runs, double Run::*figure) {
    std::vector<double> values;
    for (const Run& run : runs) values.push_back(run.*figure);
    std::sort(values.begin(), values.end());
    return (values[values.size() / 2] + values[(values.size() - 1) / 2]) / 2;
}

}  // namespace parley::bench
