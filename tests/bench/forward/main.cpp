// script/bench forward: see usage_text().

#include <sched.h>

#include <cstdio>
#include <vector>

#include "tests/bench/forward/bare_loop.h"
#include "tests/bench/forward/failure.h"
#include "tests/bench/forward/options.h"
#include "tests/bench/forward/report.h"
#include "tests/bench/forward/worker_forwarder.h"

namespace parley::bench {
namespace {

constexpr Effort kFull = {
    .load_ns = 1'000'000'000, .warm_up_ns = 150'000'000, .runs = 3, .repeats = 1};
constexpr Effort kQuick = {
    .load_ns = 300'000'000, .warm_up_ns = 100'000'000, .runs = 1, .repeats = 0};

std::vector<Scene> scenes(bool quick) {
    constexpr double kOut = 30'000;  // packets a second, moderate
    const auto speech = [](const char* name, size_t listeners) {
        return Scene{.name = name,
                     .listeners = listeners,
                     .packets_per_second = kOut / static_cast<double>(listeners)};
    };
    if (quick) {
        return {speech("1 to 50", 50),
                {.name = "10 rooms of 1 to 10", .rooms = 10, .listeners = 10},
                {.name = "10 all talk", .speakers = 10, .listeners = 10, .all_talk = true}};
    }
    Scene counter_mode = speech("1 to 100, AES-CM", 100);
    counter_mode.profile = srtp::Profile::AesCm128HmacSha1_80;
    return {speech("1 to 10", 10),
            speech("1 to 100", 100),
            speech("1 to 500", 500),
            {.name = "100 rooms of 1 to 10", .rooms = 100, .listeners = 10},
            {.name = "20 all talk", .speakers = 20, .listeners = 20, .all_talk = true},
            counter_mode};
}

// One processor for the forwarders, another for generator and sink; -1 when there is only one.
struct Processors {
    int forwarder = -1, driver = -1;
};

Processors choose_processors() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    std::vector<int> some;
    for (int i = 0; i < CPU_SETSIZE && some.size() < 2; ++i) {
        if (CPU_ISSET(static_cast<size_t>(i), &allowed)) some.push_back(i);
    }
    return some.size() < 2 ? Processors{} : Processors{some[0], some[1]};
}

class Bench {
public:
    explicit Bench(const Options& options) : options_(options) {
        if (processors_.driver >= 0) run_on(processors_.driver);
        else std::fputs("one processor only: times mean little\n", stderr);
    }

    // The exit status.
    int run() {
        if (!options_.json) print(table_head());
        for (const Scene& scene : scenes(options_.quick)) {
            if (scene.name.find(options_.only) != std::string_view::npos) run(scene);
        }
        if (options_.quick) return require_no_allocations(), 0;
        return show_bars() || !options_.check ? 0 : 1;
    }

private:
    void run(const Scene& scene) {
        const Effort& effort = options_.quick ? kQuick : kFull;
        const Sockets sockets(scene);
        WorkerForwarder worker(scene, sockets, options_.files, processors_.forwarder);
        BareLoop floor(scene, sockets, processors_.forwarder);
        for (const Pace pace : {Pace::Saturation, Pace::Moderate}) {
            const Pair pair = measure(scene, pace, effort, worker, floor);
            lines_.push_back(line_of(scene, pace, pair, worker.kib_per_listener()));
            print(options_.json ? json_of(lines_.back()) : table_row(lines_.back()));
            if (pair.starved > 0 && !options_.quick) {
                std::fprintf(stderr, "%s: %zu of %zu runs were disturbed by other processes\n",
                             scene.name.data(), pair.starved, 2 * effort.runs);
            }
        }
        worker.require_nothing_dropped();
    }

    void require_no_allocations() const {
        for (const Line& line : lines_) {
            require(line.allocations_per_packet == 0, "the worker allocates while it forwards");
        }
    }

    // Whether all are kept.
    bool show_bars() const {
        bool kept = true;
        for (const Bar& bar : bars_of(lines_)) {
            std::fprintf(stderr, "%s  %s: %s\n", bar.kept ? "kept  " : "MISSED",
                         bar.promise.c_str(), bar.measured.c_str());
            kept = kept && bar.kept;
        }
        return kept;
    }

    static void print(const std::string& text) {
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
    }

    const Options& options_;
    Processors processors_ = choose_processors();
    std::vector<Line> lines_;
};

int run(std::span<const std::string_view> arguments) {
    try {
        const Options options = parse_options(arguments);
        if (options.help) return std::fputs(usage_text().data(), stdout), 0;
        return Bench(options).run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench forward: %s\n", failure.what());
        return 1;
    }
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    return parley::bench::run(arguments);
}
