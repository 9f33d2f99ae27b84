// A day of a whole cluster in virtual time, with as many seeds as wanted. See --help.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "tests/sim/whole/day.h"

using namespace parley;
using namespace parley::sim;

namespace {

constexpr const char* kUsage =
    "usage: day [--seed N] [--seeds K] [--servers N] [--rooms N] [--hours H] [--troubles N]\n"
    "           [--watch ROOM] [--quick]\n\n"
    "Lives a day of a cluster in virtual time for each of K seeds from N on: two real\n"
    "router-services, servers with real controllers, a virtual RabbitMQ, an app and its people,\n"
    "and so many troubles an hour. The day's curve, with its crowd, takes H hours. Says for each\n"
    "what came of it, and for a law that was broken the command that repeats it. Last line:\n"
    "`N passed, N failed`, each a seed, or with --quick also that a seed repeats itself.\n\n"
    "--watch prints what happens to one room, such as room-17.\n\n"
    "Default: one seed, 200 servers, 20,000 rooms at the busiest hour, 24 hours, 240 troubles.\n"
    "--quick: 3 seeds, 24 servers, 1,500 rooms, half an hour, 400 troubles an hour.\n";

struct Wanted {
    DayPlan plan;
    uint64_t seeds = 1;
    bool quick = false;
};

std::string repeat;  // what repeats the run that is under way

std::optional<Wanted> parse(int argc, char** argv) {
    Wanted wanted;
    int at = 1;
    if (argc > 1 && std::string_view(argv[1]) == "--quick") {
        wanted = {
            .plan = {.servers = 24, .rooms = 1'500, .length = 30min, .troubles_per_hour = 400},
            .seeds = 3,
            .quick = true};
        at = 2;
    }
    for (; at + 1 < argc; at += 2) {
        const std::string_view flag = argv[at];
        const double value = std::strtod(argv[at + 1], nullptr);
        const auto count = static_cast<uint32_t>(value);
        if (flag == "--seed") {
            wanted.plan.seed = count;
        } else if (flag == "--seeds") {
            wanted.seeds = count;
        } else if (flag == "--servers" && count > 0) {
            wanted.plan.servers = count;
        } else if (flag == "--rooms" && count > 0) {
            wanted.plan.rooms = count;
        } else if (flag == "--hours" && value > 0) {
            wanted.plan.length = base::Duration(static_cast<int64_t>(value * 3.6e9));
        } else if (flag == "--watch") {
            wanted.plan.watch = argv[at + 1];
        } else if (flag == "--troubles") {
            wanted.plan.troubles_per_hour = value;
        } else {
            return std::nullopt;
        }
    }
    return at == argc ? std::optional(wanted) : std::nullopt;
}

double seconds(base::Duration span) {
    return static_cast<double>(span.count()) / 1e6;
}

using ull = unsigned long long;

void print(const DayPlan& plan, const DayReport& day, double took) {
    std::printf("seed %llu: %.1f h of %u servers in %.0f s, %llu events, hash %016llx\n",
                static_cast<ull>(plan.seed), seconds(plan.length) / 3600, plan.servers, took,
                static_cast<ull>(day.events), static_cast<ull>(day.hash));
    std::printf(
        "  rooms     %llu created, %llu moves, %zu open at the end; longest without a home "
        "%.1f s, %.0f s of them calm; with two %.0f s; forgotten %llu, undead %llu (room-%u)\n",
        static_cast<ull>(day.rooms.created), static_cast<ull>(day.rooms.moves), day.rooms.open,
        seconds(day.rooms.longest_homeless), seconds(day.rooms.longest_calm_homeless),
        seconds(day.rooms.longest_doubled), static_cast<ull>(day.rooms.forgotten),
        static_cast<ull>(day.rooms.undead), day.rooms.undead_latest);
    std::printf("  commands  %llu, longest %.1f s; answered again after a redelivery %llu; refused",
                static_cast<ull>(day.app.commands), seconds(day.app.longest),
                static_cast<ull>(day.app.again));
    for (const auto& [code, count] : day.app.refusals) {
        std::printf(" %u: %llu", unsigned{code}, static_cast<ull>(count));
    }
    std::printf("; rooms given up %llu, denied %llu\n", static_cast<ull>(day.town.given_up),
                static_cast<ull>(day.town.denied));
    std::printf("  people    %llu visits, %llu times put out of a room\n",
                static_cast<ull>(day.town.visits), static_cast<ull>(day.town.put_out));
    std::printf("  load      mean %.2f, most %.2f of a server; max / mean %.2f, at worst %.2f\n",
                day.mean_load, day.most_load, day.max_over_mean, day.worst_max_over_mean);
    std::printf(
        "  services  %llu beats heard, %llu assignments, %llu second tries, %llu moves, "
        "%llu releases, %llu without capacity\n",
        static_cast<ull>(day.services.beats), static_cast<ull>(day.services.assignments),
        static_cast<ull>(day.services.second_tries), static_cast<ull>(day.services.moves),
        static_cast<ull>(day.services.releases), static_cast<ull>(day.services.no_capacity));
    std::printf("  troubles ");
    for (const auto& [what, count] : day.troubles) {
        std::printf(" %s %llu,", what.c_str(), static_cast<ull>(count));
    }
    std::printf(" %llu letters\n", static_cast<ull>(day.letters));
    std::fflush(stdout);
}

// An ENSURE of a core does not return here.
void on_abort(int) {
    const ssize_t written = write(STDERR_FILENO, repeat.data(), repeat.size());
    std::signal(SIGABRT, SIG_DFL);
    if (written >= 0) std::raise(SIGABRT);
}

std::string command(const char* program, const DayPlan& plan) {
    char text[256];
    std::snprintf(text, sizeof text,
                  "repeat with: %s --seed %llu --servers %u --rooms %u --hours %g --troubles %g\n",
                  program, static_cast<ull>(plan.seed), plan.servers, plan.rooms,
                  seconds(plan.length) / 3600, plan.troubles_per_hour);
    return text;
}

DayReport live(const char* program, const DayPlan& plan) {
    repeat = command(program, plan);
    const auto begin = std::chrono::steady_clock::now();
    const DayReport day = live_a_day(plan);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    print(plan, day, took.count());
    if (!day.broken.empty()) std::printf("FAILED: %s\n  %s", day.broken.c_str(), repeat.c_str());
    return day;
}

// The first seed again, and shorter: the same hash, and another with another seed.
bool repeats_itself(const char* program, DayPlan plan) {
    plan.length = plan.length / 6;
    const uint64_t first = live(program, plan).hash;
    const uint64_t second = live(program, plan).hash;
    ++plan.seed;
    return first == second && live(program, plan).hash != first;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--help") {
        std::fputs(kUsage, stdout);
        return 0;
    }
    const auto wanted = parse(argc, argv);
    if (!wanted) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    // The model workers hold the controllers to the schema by its checks.
    doctest::Context checks;
    checks.setAsDefaultForAssertsOutOfTestCases();
    checks.setAssertHandler([](const doctest::AssertData& failed) {
        std::fprintf(stderr, "a model worker: %s\n%s", failed.m_expr, repeat.c_str());
        std::exit(1);
    });
    std::signal(SIGABRT, on_abort);
    DayPlan plan = wanted->plan;
    size_t passed = 0, failed = 0;
    for (uint64_t left = wanted->seeds; left > 0; --left, ++plan.seed) {
        live(argv[0], plan).broken.empty() ? ++passed : ++failed;
    }
    if (wanted->quick) repeats_itself(argv[0], wanted->plan) ? ++passed : ++failed;
    std::printf("%zu passed, %zu failed\n", passed, failed);
    return passed == 0 || failed > 0 ? 1 : 0;
}
