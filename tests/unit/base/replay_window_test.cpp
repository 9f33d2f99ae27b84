#include "common/base/replay_window.h"

#include <doctest/doctest.h>

#include <set>

#include "common/base/random.h"

using namespace parley::base;

TEST_CASE("the window knows of 128 indexes whether they were heard") {
    SeededRandom random(11);
    for (int round = 0; round < 50; ++round) {
        ReplayWindow window;
        std::set<uint64_t> heard;
        uint64_t top = random.below(300);
        for (int i = 0; i < 400; ++i) {
            const uint64_t step = random.below(10) == 0 ? random.below(200) : random.below(3);
            const uint64_t back = random.below(150);
            top += step;
            const uint64_t index = top >= back && random.below(2) == 0 ? top - back : top;
            const uint64_t highest = heard.empty() ? 0 : *heard.rbegin();
            const bool too_old = index + ReplayWindow::kSize <= highest;
            REQUIRE(window.heard(index) == (too_old || heard.contains(index)));
            if (window.heard(index)) continue;
            window.add(index);
            heard.insert(index);
            REQUIRE(window.highest() == *heard.rbegin());
        }
    }
}
