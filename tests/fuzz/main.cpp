// Bad input for living parts: real traffic, mutated.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/fuzz/attack.h"
#include "tests/fuzz/corpus.h"

namespace {

constexpr const char* kUsage =
    "usage: mutations [--seed=N] [--from=INDEX] [--to=INDEX] [doctest's options]\n"
    "       mutations --record=DIRECTORY\n"
    "\n"
    "  --seed    of the traffic and of what is done to it (4411)\n"
    "  --from    number of the first mutation to deliver (0)\n"
    "  --to      and of the last (all of them)\n"
    "  --record  writes the traffic that is mutated, one file a message, and ends\n";

// The value of an option of ours, nullptr when the argument is another one.
const char* value_of(const char* argument, const char* name) {
    const size_t size = std::strlen(name);
    return std::strncmp(argument, name, size) == 0 ? argument + size : nullptr;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace parley;
    const char* record = nullptr;
    for (int i = 1; i < argc; ++i) {
        fuzz::Options& options = fuzz::options();
        if (std::strcmp(argv[i], "--help") == 0) std::fputs(kUsage, stdout);
        if (const char* seed = value_of(argv[i], "--seed=")) options.seed = std::atoll(seed);
        if (const char* from = value_of(argv[i], "--from=")) options.from = std::atoll(from);
        if (const char* to = value_of(argv[i], "--to=")) options.to = std::atoll(to);
        if (const char* into = value_of(argv[i], "--record=")) record = into;
    }
    if (record != nullptr) return fuzz::write_corpus(record, fuzz::options().seed) ? 0 : 1;
    fuzz::install_death_note(argv[0]);
    doctest::Context context(argc, argv);
    return context.run();
}
