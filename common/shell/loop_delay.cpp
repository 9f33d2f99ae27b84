#include "common/shell/loop_delay.h"

#include <algorithm>
#include <utility>

namespace parley::shell {

LoopDelay::LoopDelay(Loop& loop)
    : due_(loop.now() + kPeriod), timer_(loop, [this](base::Instant now) { look(now); }) {
    timer_.set(due_);
}

void LoopDelay::look(base::Instant now) {
    const base::Duration late = now - due_;
    most_ = std::max(most_, late);
    sum_ += late;
    ++looks_;
    due_ = now + kPeriod;
    timer_.set(due_);
}

LoopDelay::Delays LoopDelay::take() {
    const int64_t looks = std::exchange(looks_, 0);
    const base::Duration sum = std::exchange(sum_, {});
    return {std::exchange(most_, {}), looks > 0 ? sum / looks : base::Duration()};
}

}  // namespace parley::shell
