// Stories about many people, with many seeds. See --help.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "tests/scenarios/swarm.h"

using namespace parley;
using namespace parley::sim;

namespace {

constexpr size_t kFailuresShown = 5;

struct Wanted {
    uint64_t seed = 1;
    std::optional<uint64_t> seeds;
    std::string only;
};

std::string repeat;  // what repeats the run that is under way

int usage(std::FILE* to, int code) {
    std::fprintf(to,
                 "usage: swarm [--seed N] [--seeds K] [--only NAME]\n\n"
                 "Tells each story with K seeds from N on (default: from 1, as many as it says\n"
                 "below), and says for a failure which command repeats it. Last line:\n"
                 "`N passed, N failed`, each a story with a seed.\n\n");
    for (const Story& story : stories()) {
        std::fprintf(to, "  %-12s %s; %llu seeds\n", story.name, story.what,
                     static_cast<unsigned long long>(story.seeds));
    }
    return code;
}

std::optional<Wanted> parse(int argc, char** argv) {
    Wanted wanted;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view flag = argv[i];
        if (flag == "--seed") {
            wanted.seed = std::strtoull(argv[i + 1], nullptr, 10);
        } else if (flag == "--seeds") {
            wanted.seeds = std::strtoull(argv[i + 1], nullptr, 10);
        } else if (flag == "--only") {
            wanted.only = argv[i + 1];
        } else {
            return std::nullopt;
        }
    }
    return argc % 2 == 1 ? std::optional(wanted) : std::nullopt;
}

Outcome tell(const Story& story, uint64_t seed) {
    Outcome outcome;
    try {
        story.tell(seed, outcome);
    } catch (const LawBroken& broken) {
        outcome.expect(false, broken.what());
    }
    return outcome;
}

void show_failure(const Story& story, uint64_t seed, const Outcome& outcome) {
    std::printf("FAILED: %s, seed %llu\n", story.name, static_cast<unsigned long long>(seed));
    for (size_t i = 0; i < outcome.failures().size() && i < kFailuresShown; ++i) {
        std::printf("  %s\n", outcome.failures()[i].c_str());
    }
    std::printf("  %zu in all; %s", outcome.failures().size(), repeat.c_str());
}

// An ENSURE of a core does not return to the story.
void on_abort(int) {
    const ssize_t written = write(STDERR_FILENO, repeat.data(), repeat.size());
    std::signal(SIGABRT, SIG_DFL);
    if (written >= 0) std::raise(SIGABRT);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--help") return usage(stdout, 0);
    const auto wanted = parse(argc, argv);
    if (!wanted) return usage(stderr, 2);
    std::signal(SIGABRT, on_abort);
    size_t passed = 0, failed = 0;
    for (const Story& story : stories()) {
        if (!wanted->only.empty() && wanted->only != story.name) continue;
        const auto begin = std::chrono::steady_clock::now();
        double virtual_seconds = 0;
        uint64_t words = 0;
        const uint64_t end = wanted->seed + wanted->seeds.value_or(story.seeds);
        for (uint64_t seed = wanted->seed; seed < end; ++seed) {
            repeat = "repeat with: " + std::string(argv[0]) + " --seed " + std::to_string(seed) +
                     " --seeds 1 --only '" + story.name + "'\n";
            const Outcome outcome = tell(story, seed);
            virtual_seconds += static_cast<double>(outcome.virtual_time().count()) / 1e6;
            words += outcome.words();
            outcome.failures().empty() ? ++passed : ++failed;
            if (!outcome.failures().empty()) show_failure(story, seed, outcome);
        }
        const std::chrono::duration<double> real = std::chrono::steady_clock::now() - begin;
        std::printf("%-12s %6.0f virtual seconds in %5.1f s: %.0f times as fast; %llu words\n",
                    story.name, virtual_seconds, real.count(), virtual_seconds / real.count(),
                    static_cast<unsigned long long>(words));
        std::fflush(stdout);
    }
    std::printf("%zu passed, %zu failed\n", passed, failed);
    return passed == 0 || failed > 0 ? 1 : 0;
}
