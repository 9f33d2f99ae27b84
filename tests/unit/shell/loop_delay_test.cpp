#include "common/shell/loop_delay.h"

#include <doctest/doctest.h>

#include "tests/unit/shell/drive.h"

namespace parley::shell {

TEST_CASE("a loop that was held up says for how long") {
    Loop loop;
    LoopDelay delay(loop);
    const auto held_up = [&] {
        const base::Instant until = loop.now() + 3 * LoopDelay::kPeriod;
        while (loop.now() < until) {
        }
    };
    CHECK(delay.take().most == base::Duration());
    LoopDelay::Delays seen;
    held_up();
    REQUIRE(drive(
        loop, [&] { return (seen = delay.take()).most > base::Duration(); }, 60s));
    // It was due within the first period.
    CHECK(seen.most >= LoopDelay::kPeriod * 2);
    CHECK(seen.mean <= seen.most);
    CHECK(delay.take().most == base::Duration());
}

}  // namespace parley::shell
