#include "common/base/time.h"

#include <doctest/doctest.h>

using namespace parley;
using namespace parley::base;

TEST_CASE("never is later than everything and stays never") {
    const Instant now = Instant::from_micros(1'700'000'000'000'000);
    CHECK(now < Instant::never());
    CHECK((Instant::never() + 1s).is_never());
    CHECK((Instant::never() - 1s).is_never());
    CHECK((now + 2s) - now == 2s);
}
