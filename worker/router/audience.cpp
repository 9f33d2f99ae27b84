#include "worker/router/audience.h"

#include "worker/router/consumer.h"

namespace parley::router {

void Audience::add(Consumer& slot) {
    slot.previous_in_audience_ = nullptr;
    slot.next_in_audience_ = first_;
    if (first_) first_->previous_in_audience_ = &slot;
    first_ = &slot;
    ++size_;
}

void Audience::remove(Consumer& slot) {
    Consumer* const before = slot.previous_in_audience_;
    Consumer* const behind = slot.next_in_audience_;
    (before ? before->next_in_audience_ : first_) = behind;
    if (behind) behind->previous_in_audience_ = before;
    slot.next_in_audience_ = slot.previous_in_audience_ = nullptr;
    --size_;
}

Consumer* Audience::after(const Consumer& slot) {
    return slot.next_in_audience_;
}

}  // namespace parley::router
