#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/random.h"

namespace parley::fuzz {

// From the command line: the seed, and which of the mutations are delivered.
struct Options {
    uint64_t seed = 4411;
    uint64_t from = 0;
    uint64_t to = UINT64_MAX;

    bool whole() const { return from == 0 && to == UINT64_MAX; }
};
Options& options();

// Bad input for something that lives.
class Attack {
public:
    virtual ~Attack() = default;

    // Delivers one mutation. All that is drawn for it comes from `random`, so that it is the same
    // whatever was delivered before.
    virtual void strike(base::Random& random) = 0;

    // Time passes: what lives must go on, and all laws hold.
    virtual void breathe() = 0;
};

// Delivers `mutations` of them and lets time pass after every `per_round`. What is alive in memory
// may grow by no more than a few bytes a mutation, beyond what it grows by without any. Whatever
// fails says the seed, the number of the mutation, and how to deliver it again.
void carry_out(std::string_view name, Attack& attack, uint64_t mutations, uint64_t per_round);

// Says on standard error, when the process dies, which mutation it died of.
void install_death_note(const char* program);

}  // namespace parley::fuzz
