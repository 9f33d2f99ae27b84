// script/bench slots: what a room of open microphones costs a worker, with classic consumers and
// with slots.

#include <cstdio>
#include <string>

#include "tests/bench/forward/failure.h"
#include "tests/bench/room/program.h"

namespace parley::bench {
namespace {

constexpr double kBar = 30;  // times fewer packets
constexpr uint64_t kRounds = 200;

int run(const Options& options) {
    const int processor = place_ourselves();
    const size_t people = options.quick ? 10 : 100;
    const auto line_of = [&](size_t slots, const char* how) {
        const std::string name = std::to_string(people) + " open microphones, " + how;
        const Line line = measure({people, people, slots}, options, processor, kRounds);
        print(options, name.c_str(), line);
        return line;
    };
    const Line classic = line_of(0, "classic consumers");
    const Line slots = line_of(3, "3 slots each");
    const double fewer = classic.packets / slots.packets, less = classic.cpu_ms / slots.cpu_ms;
    std::printf(options.json ? "{\"case\": \"classic to slots\", \"packets_ratio\": %.1f, "
                               "\"cpu_ratio\": %.1f}\n"
                             : "%.1f times fewer packets, %.1f times less CPU\n",
                fewer, less);
    require(slots.allocations_per_packet == 0, "the worker allocates while it forwards");
    if (options.quick) return 0;
    const bool kept = bar("30 times fewer packets with slots", fewer, fewer >= kBar);
    return kept || !options.check ? 0 : 1;
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
    return parley::bench::run_program("bench slots", argc, argv, parley::bench::run);
}
