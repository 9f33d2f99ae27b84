#include "tests/bench/room/program.h"

#include <sched.h>

#include <cstdio>
#include <string>

#include "tests/bench/forward/failure.h"

namespace parley::bench {

namespace {

constexpr double kRoundsPerSecond = 50;

}  // namespace

Options parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string flag = argv[i];
        if (flag == "--json")
            options.json = true;
        else if (flag == "--check")
            options.check = true;
        else if (flag == "--quick")
            options.quick = true;
        else if (flag == "--worker" && i + 1 < argc)
            options.files.worker = argv[++i];
        else if (flag == "--allocation-counter" && i + 1 < argc)
            options.files.allocation_counter = argv[++i];
        else
            throw Failure("no such flag: " + flag);
    }
    return options;
}

int place_ourselves() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    int first = -1, second = -1;
    for (int i = 0; i < CPU_SETSIZE && second < 0; ++i) {
        if (CPU_ISSET(static_cast<size_t>(i), &allowed)) (first < 0 ? first : second) = i;
    }
    if (second < 0) return -1;
    run_on(second);
    return first;
}

Line measure(const RoomPlan& plan, const Options& options, int processor, uint64_t rounds) {
    OpenRoom room(plan, options.files, processor);
    room.talk(options.quick ? 25 : 100);
    const Cost cost = room.talk(options.quick ? 20 : rounds);
    const double seconds = static_cast<double>(cost.rounds) / kRoundsPerSecond;
    const auto packets = static_cast<double>(cost.heard);
    return {packets / seconds, cost.cpu_ms / seconds, cost.cpu_ms * 1e3 / packets,
            static_cast<double>(cost.allocations) / packets};
}

void print(const Options& options, const char* name, const Line& line) {
    std::printf(options.json ? "{\"case\": \"%s\", \"packets_per_second\": %.0f, "
                               "\"cpu_ms_per_second\": %.2f, \"us_per_packet\": %.3f, "
                               "\"allocations_per_packet\": %.4f}\n"
                             : "%-44s %9.0f packets/s %9.2f ms CPU/s %7.3f us/packet "
                               "%.4f allocations/packet\n",
                name, line.packets, line.cpu_ms, line.us_per_packet, line.allocations_per_packet);
    std::fflush(stdout);
}

bool bar(const char* promise, double found, bool kept) {
    std::fprintf(stderr, "%s  %s: %.2f\n", kept ? "kept  " : "MISSED", promise, found);
    return kept;
}

int run_program(const char* name, int argc, char** argv, int (*run)(const Options& options)) {
    try {
        return run(parse_options(argc, argv));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s: %s\n", name, failure.what());
        return 1;
    }
}

}  // namespace parley::bench
