#include "common/base/histogram.h"

#include <doctest/doctest.h>

#include <vector>

using namespace parley;

namespace {

constexpr std::array kBounds{0.0, 0.5, 2.0};

std::vector<uint64_t> counts(const base::HistogramView& view) {
    return {view.counts.begin(), view.counts.end()};
}

}  // namespace

TEST_CASE("a value falls under the first bound that it does not pass") {
    base::Histogram<kBounds> histogram;
    for (const double value : {-1.0, 0.0, 0.1, 0.5, 0.6, 2.0, 2.1, 1e9}) histogram.observe(value);
    CHECK(counts(histogram.view()) == std::vector<uint64_t>{2, 2, 2, 2});
    CHECK(histogram.count() == 8);
    CHECK(histogram.view().bounds.size() == 3);
}

TEST_CASE("a duration counts in seconds, and the sum is of all") {
    base::Histogram<kBounds> histogram;
    histogram.observe(base::Duration(500ms));
    histogram.observe(base::Duration(1500ms));
    CHECK(counts(histogram.view()) == std::vector<uint64_t>{0, 1, 1, 0});
    CHECK(histogram.view().sum == doctest::Approx(2));
}
