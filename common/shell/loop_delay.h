#pragma once

#include "common/shell/loop.h"

namespace parley::shell {

// How late a loop gets to what is due: what a datagram waits while others are handled, or while the
// processor runs something else. Looked at once in kPeriod; libuv's whole milliseconds are the
// grain.
class LoopDelay {
public:
    static constexpr base::Duration kPeriod = 20ms;  // a packet of voice

    explicit LoopDelay(Loop& loop);

    struct Delays {
        base::Duration most{}, mean{};
    };
    // Since it was asked last; all nothing when it did not look.
    Delays take();

private:
    void look(base::Instant now);

    base::Instant due_;
    base::Duration most_{}, sum_{};
    int64_t looks_ = 0;
    Timer timer_;
};

}  // namespace parley::shell
