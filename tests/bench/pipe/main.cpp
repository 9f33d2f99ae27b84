// script/bench pipe: what one packet of a piped stream costs a worker's core, beside a consumer of
// the same run. No socket is in it: what the kernel takes for a datagram is the same for both.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/pipe/hop.h"

namespace {

uint64_t allocations = 0;

}  // namespace

// Counts what the hot path must not do.
void* operator new(size_t size) {
    ++allocations;
    if (void* const room = std::malloc(size)) return room;
    std::abort();
}
void operator delete(void* room) noexcept {
    std::free(room);
}
void operator delete(void* room, size_t) noexcept {
    std::free(room);
}

namespace parley::bench {
namespace {

constexpr size_t kBatch = 64;  // packets between two looks at the clock
constexpr size_t kPayload = 100;

struct Cost {
    std::string_view name;
    double ns = 0;
    double allocations = 0;
};

// The median over many batches of what `step` costs for each packet, with `between` untimed.
template <typename Step, typename Between>
Cost measure(std::string_view name, size_t batches, Step step, Between between) {
    using Clock = std::chrono::steady_clock;
    std::vector<double> costs;
    costs.reserve(batches);
    uint64_t allocated = 0;
    for (size_t i = 0; i < 2 * batches; ++i) {
        between();
        const uint64_t before = allocations;
        const auto begin = Clock::now();
        for (size_t packet = 0; packet < kBatch; ++packet) step();
        const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
        if (i < batches) continue;  // warming up
        allocated += allocations - before;
        costs.push_back(took.count() / kBatch);
    }
    std::nth_element(costs.begin(), costs.begin() + static_cast<ptrdiff_t>(batches / 2),
                     costs.end());
    return {name, costs[batches / 2],
            static_cast<double>(allocated) / static_cast<double>(batches * kBatch)};
}

std::vector<Cost> measure_all(size_t batches) {
    const auto speaking = [&](std::string_view name, Hop& hop) {
        return measure(
            name, batches, [&] { hop.speak(kPayload); }, [&] { hop.discard(); });
    };
    Hop alone, listened, piped, heard;  // what is heard must be heard from the first packet on
    listened.add_listener();
    piped.add_pipe();
    heard.add_pipe();
    std::vector<Cost> costs;
    costs.push_back(speaking("heard by nobody", alone));
    costs.push_back(speaking("to a listener", listened));
    costs.push_back(speaking("into a pipe", piped));
    costs.push_back(measure(
        "out of a pipe", batches, [&] { heard.hear_next(); },
        [&] {
            heard.discard();
            for (size_t i = 0; i < kBatch; ++i) heard.speak(kPayload);
            heard.deliver();
        }));
    costs.push_back(measure(
        "sent again", batches, [&] { piped.retransmit_latest(); }, [&] { piped.discard(); }));
    return costs;
}

void show(const std::vector<Cost>& costs, bool json) {
    if (!json) std::printf("%-18s %10s %12s\n", "one packet", "ns", "allocations");
    for (const Cost& cost : costs) {
        const char* format =
            json ? "{\"case\": \"%s\", \"ns_per_packet\": %.1f, \"allocations_per_packet\": %.4f}\n"
                 : "%-18s %10.1f %12.4f\n";
        std::printf(format, cost.name.data(), cost.ns, cost.allocations);
    }
}

int run(const std::vector<std::string_view>& arguments) {
    bool json = false, check = false;
    size_t batches = 4'000;
    for (const std::string_view argument : arguments) {
        if (argument == "--json")
            json = true;
        else if (argument == "--check")
            check = true;
        else if (argument == "--quick")
            batches = 200;
        else
            return std::fputs("usage: bench_pipe [--json] [--check] [--quick]\n", stderr), 2;
    }
    const std::vector<Cost> costs = measure_all(batches);
    show(costs, json);
    bool kept = true;
    for (const Cost& cost : costs) kept = kept && cost.allocations == 0;
    std::fprintf(stderr, "%s  no allocation per packet\n", kept ? "kept  " : "MISSED");
    return kept || !check ? 0 : 1;
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
    return parley::bench::run({argv + 1, argv + argc});
}
