#pragma once

#include "tests/bench/room/open_room.h"

// What the benchmarks of rooms have in common.
namespace parley::bench {

struct Options {
    WorkerFiles files;
    bool json = false, check = false, quick = false;
};

// Throws Failure for a flag that there is not.
Options parse_options(int argc, char** argv);

// One processor for the workers, which is returned, another for the people; -1 when there is only
// one.
int place_ourselves();

// For each second of talk.
struct Line {
    double packets;  // heard by the people
    double cpu_ms;   // of all workers
    double us_per_packet;
    double allocations_per_packet;
};

// Talks so long, after so many rounds in which whoever is the loudest is found.
Line measure(const RoomPlan& plan, const Options& options, int processor, uint64_t rounds);

void print(const Options& options, const char* name, const Line& line);

// Whether the bar was kept, which is said.
bool bar(const char* promise, double found, bool kept);

// Runs it, and says what it throws.
int run_program(const char* name, int argc, char** argv, int (*run)(const Options& options));

}  // namespace parley::bench
