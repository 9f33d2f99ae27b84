#pragma once

#include "common/shell/loop.h"

namespace parley::shell {

// Runs the loop until `done()` holds at the end of a turn. False when that does not happen within a
// bound that is far beyond what it takes, so that a broken test ends and says so.
template <typename Done>
bool drive(Loop& loop, Done done, base::Duration bound = 20s) {
    bool late = false;
    Timer timer(loop, [&](base::Instant) { late = true; });
    timer.set(loop.now() + bound);
    TurnEnd turn_end(loop, [&] {
        if (done() || late) loop.stop();
    });
    loop.run();
    return done();
}

}  // namespace parley::shell
