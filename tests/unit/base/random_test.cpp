#include "common/base/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

using namespace parley::base;

TEST_CASE("the same seed draws the same, another seed another") {
    SeededRandom a(7), b(7), c(8);
    const uint64_t first = a.u64();
    CHECK(b.u64() == first);
    CHECK(c.u64() != first);
}

TEST_CASE("a draw below a bound is fair and stays below") {
    SeededRandom random(1);
    std::array<int, 3> seen{};
    for (int i = 0; i < 30'000; ++i) ++seen.at(random.below(3));
    for (const int count : seen) CHECK(std::abs(count - 10'000) < 500);
}

TEST_CASE("text is of ice-chars only") {
    SeededRandom random(1);
    const std::string text = random.text(1000);
    CHECK(text.size() == 1000);
    CHECK(std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/';
    }));
}
