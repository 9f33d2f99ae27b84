// script/bench spread: what it costs that a room is spread over four workers, beside the same room
// in one of the same run; in both, every listener hears every packet.

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "tests/bench/forward/failure.h"
#include "tests/bench/room/program.h"

namespace parley::bench {
namespace {

constexpr size_t kWorkers = 4;
constexpr uint64_t kRounds = 200;
constexpr double kRatioMost = 1.25;        // of the CPU of one worker
constexpr double kAllocationsMost = 0.01;  // a packet: to say who is in a slot now takes some
constexpr double kRoundsPerSecond = 50;

struct Pair {
    Line one, spread;

    double ratio() const { return spread.cpu_ms / one.cpu_ms; }
};

Pair measure_pair(const Options& options, int processor, RoomPlan plan, const std::string& name) {
    Pair pair{};
    plan.workers = 1;
    pair.one = measure(plan, options, processor, kRounds);
    print(options, (name + ", one worker").c_str(), pair.one);
    plan.workers = kWorkers;
    pair.spread = measure(plan, options, processor, kRounds);
    print(options, (name + ", four").c_str(), pair.spread);
    for (const Line& line : {pair.one, pair.spread}) {
        require(line.allocations_per_packet < kAllocationsMost,
                "a worker allocates while it forwards");
    }
    return pair;
}

void print(const Options& options, const char* name, double ratio) {
    std::printf(options.json ? "{\"case\": \"%s\", \"cpu_ratio\": %.3f}\n"
                             : "%s: %.2f times the CPU of one worker\n",
                name, ratio);
}

// So few listen that what is left is the pipes.
void print_price_of_streams(const Options& options, int processor) {
    const size_t voices = options.quick ? 8 : 100;
    const Pair pair = measure_pair(options, processor, {voices + kWorkers, voices, 0, 1, false},
                                   std::to_string(voices) + " speakers, 4 listeners");
    const auto streams = static_cast<double>(voices * (kWorkers - 1));
    const double ms = (pair.spread.cpu_ms - pair.one.cpu_ms) / streams;
    const double us = ms * 1e3 / kRoundsPerSecond;
    std::printf(options.json ? "{\"case\": \"piped stream\", \"cpu_ms_per_second\": %.4f, "
                               "\"us_per_packet\": %.3f, \"to_listener\": %.2f}\n"
                             : "a piped stream of 50 packets/s: %.4f ms CPU/s at both ends, "
                               "%.3f us/packet, %.2f times one to a listener\n",
                ms, us, us / pair.one.us_per_packet);
}

void allow_sockets(rlim_t wanted) {
    rlimit limit{};
    require(getrlimit(RLIMIT_NOFILE, &limit) == 0, "no limit of descriptors");
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    require(setrlimit(RLIMIT_NOFILE, &limit) == 0, "not enough descriptors are allowed");
}

int run(const Options& options) {
    allow_sockets(4'096);
    const int processor = place_ourselves();
    const size_t people = options.quick ? 45 : 2'005;
    const std::string crowd = std::to_string(people - 5) + " listeners, 5 speakers";
    const Pair classic = measure_pair(options, processor, {people, 5}, crowd);
    const Pair slots = measure_pair(options, processor, {people, 5, 3}, crowd + ", 3 slots");
    print(options, "classic consumers, four workers", classic.ratio());
    print(options, "3 slots each, four workers", slots.ratio());
    print_price_of_streams(options, processor);
    if (options.quick) return 0;
    const double worst = std::max(classic.ratio(), slots.ratio());
    const bool kept =
        bar("four workers take at most 1.25 times the CPU of one", worst, worst <= kRatioMost);
    return kept || !options.check ? 0 : 1;
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
    return parley::bench::run_program("bench spread", argc, argv, parley::bench::run);
}
