#pragma once

#include "common/shell/loop.h"

namespace parley::shell {

// Runs the loop until `done()` holds at the end of a turn. False when that does not happen within a
// bound that is far beyond what it takes, so that a broken test ends and says so.
template <typename Done>
bool drive(Loop& loop, Done done, base::Duration bound = 5s) {
    bool late = false, held = false;
    Timer timer(loop, [&](base::Instant) { late = true; });
    timer.set(loop.now() + bound);
    TurnEnd turn_end(loop, [&] {
        held = held || done();
        if (held || late) loop.stop();
    });
    loop.run();
    return held;
}

// Lets the loop handle what is there already, as far as a few turns go.
inline void settle(Loop& loop) {
    for (int i = 0; i < 8; ++i) uv_run(loop.uv(), UV_RUN_NOWAIT);
}

}  // namespace parley::shell
