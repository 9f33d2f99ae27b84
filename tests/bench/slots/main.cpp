// script/bench slots: what a room of open microphones costs a worker, with classic consumers and
// with slots.

#include <sched.h>

#include <cstdio>
#include <cstring>

#include "tests/bench/forward/failure.h"
#include "tests/bench/slots/open_room.h"

namespace parley::bench {
namespace {

constexpr double kRoundsPerSecond = 50;
constexpr double kBar = 30;  // times fewer packets

struct Options {
    WorkerFiles files;
    bool json = false, check = false, quick = false;
};

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

// One processor for the worker, another for the people; -1 when there is only one.
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

// For each second of talk.
struct Line {
    const char* name;
    double packets, cpu_ms, us_per_packet, allocations_per_packet;
};

Line line_of(const char* name, const Cost& cost) {
    const double seconds = static_cast<double>(cost.rounds) / kRoundsPerSecond;
    const auto packets = static_cast<double>(cost.packets_sent);
    return {name, packets / seconds, cost.cpu_ms / seconds, cost.cpu_ms * 1e3 / packets,
            static_cast<double>(cost.allocations) / packets};
}

void print(const Options& options, size_t people, const Line& line) {
    std::printf(options.json
                    ? "{\"case\": \"%zu open microphones, %s\", \"packets_per_second\": %.0f, "
                      "\"cpu_ms_per_second\": %.2f, \"us_per_packet\": %.3f, "
                      "\"allocations_per_packet\": %.4f}\n"
                    : "%3zu open microphones, %-18s %9.0f packets/s %9.2f ms CPU/s %7.3f us/packet "
                      "%.4f allocations/packet\n",
                people, line.name, line.packets, line.cpu_ms, line.us_per_packet,
                line.allocations_per_packet);
    std::fflush(stdout);
}

Line measure(const Options& options, size_t people, size_t slots, const char* name, int processor) {
    OpenRoom room(people, slots, options.files, processor);
    room.talk(options.quick ? 25 : 100);  // until the loudest are found
    const Line line = line_of(name, room.talk(options.quick ? 20 : 200));
    print(options, people, line);
    return line;
}

int run(const Options& options) {
    const int processor = place_ourselves();
    const size_t people = options.quick ? 10 : 100;
    const Line classic = measure(options, people, 0, "classic consumers", processor);
    const Line slots = measure(options, people, 3, "3 slots each", processor);
    const double fewer = classic.packets / slots.packets, less = classic.cpu_ms / slots.cpu_ms;
    std::printf(options.json ? "{\"case\": \"classic to slots\", \"packets_ratio\": %.1f, "
                               "\"cpu_ratio\": %.1f}\n"
                             : "%.1f times fewer packets, %.1f times less CPU\n",
                fewer, less);
    require(slots.allocations_per_packet == 0, "the worker allocates while it forwards");
    if (options.quick) return 0;
    std::fprintf(stderr, "%s  %.0f times fewer packets with slots: %.1f\n",
                 fewer >= kBar ? "kept  " : "MISSED", kBar, fewer);
    return fewer >= kBar || !options.check ? 0 : 1;
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
    try {
        return parley::bench::run(parley::bench::parse_options(argc, argv));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench slots: %s\n", failure.what());
        return 1;
    }
}
