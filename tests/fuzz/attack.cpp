#include "tests/fuzz/attack.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>

#include "common/base/flat_map.h"
#include "tests/fuzz/heap.h"

// Without a sanitizer there is none to call.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace parley::fuzz {

namespace {

// What a mutation may cost for ever. One object that is forgotten each time costs more.
constexpr int64_t kBytesPerMutation = 12;

// After so many rounds what there is a table for is there: streams, paths, buffers.
constexpr uint64_t kWarmUpParts = 10;
constexpr uint64_t kQuietParts = 5;

struct Current {
    const char* program = "mutations";
    std::string_view name;
    uint64_t index = 0;
    bool striking = false;
} current;

std::string replay() {
    const std::string seed = " --seed=" + std::to_string(options().seed);
    const std::string test =
        std::string(current.program) + " --test-case='" + std::string(current.name) + "*'" + seed;
    const std::string index = std::to_string(current.index);
    return "seed " + std::to_string(options().seed) + ", mutation " + index + " of " +
           std::string(current.name) + (current.striking ? "" : ", or one of its round") +
           "\n  this one alone:      " + test + " --from=" + index + " --to=" + index +
           "\n  all that led to it:  " + test + " --to=" + index;
}

void on_death() {
    if (!current.name.empty()) std::fprintf(stderr, "died of %s\n", replay().c_str());
}

void on_abort(int signal) {
    on_death();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void strike(Attack& attack, uint64_t index) {
    current.index = index;
    current.striking = true;
    base::SeededRandom random(base::mix(options().seed) ^ index * 0x9e3779b97f4a7c15);
    attack.strike(random);
    current.striking = false;
}

int64_t growth(uint64_t before) {
    return static_cast<int64_t>(live_heap_bytes()) - static_cast<int64_t>(before);
}

}  // namespace

Options& options() {
    static Options given;
    return given;
}

void install_death_note(const char* program) {
    current.program = program;
    std::signal(SIGABRT, on_abort);
    if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(on_death);
}

void carry_out(std::string_view name, Attack& attack, uint64_t mutations, uint64_t per_round) {
    current.name = name;
    INFO(replay());
    const uint64_t rounds = mutations / per_round;
    const uint64_t warm_up = rounds / kWarmUpParts;
    const uint64_t end =
        std::min(mutations, options().to == UINT64_MAX ? mutations : options().to + 1);
    uint64_t before = 0;
    for (uint64_t index = options().from; index < end; ++index) {
        strike(attack, index);
        if ((index + 1) % per_round != 0) continue;
        attack.breathe();
        if ((index + 1) / per_round == warm_up) before = live_heap_bytes();
    }
    if (!options().whole()) return attack.breathe();
    const int64_t grown = growth(before);

    // The simulator writes down what is said and heard. That grows without bad input, too.
    before = live_heap_bytes();
    const uint64_t quiet = std::max<uint64_t>(rounds / kQuietParts, 1);
    for (uint64_t i = 0; i < quiet; ++i) attack.breathe();
    const int64_t expected =
        growth(before) / static_cast<int64_t>(quiet) * static_cast<int64_t>(rounds - warm_up);
    MESSAGE(name << ": " << grown / 1024
                 << " KiB more in memory after the last mutation than after "
                 << "the first tenth; without any, " << expected / 1024 << " KiB");
    CHECK(grown - expected < kBytesPerMutation * static_cast<int64_t>(mutations));
    current.name = {};
}

}  // namespace parley::fuzz
