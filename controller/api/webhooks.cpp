#include "controller/api/webhooks.h"

#include <algorithm>

namespace parley::controller::api {

Webhooks::Webhooks(const std::vector<Target>& targets, base::Random& random, WebhookLimits limits) {
    for (const Target& target : targets) {
        queues_.emplace_back(queues_.size(), target.url, target.secret, limits, random);
    }
}

void Webhooks::on_event(Instant now, const Notice& notice, WebhookOutputs& out) {
    for (WebhookQueue& queue : queues_) queue.on_event(now, notice, out);
}

void Webhooks::on_reply(Instant now, size_t target, uint64_t delivery, int status,
                        WebhookOutputs& out) {
    if (target < queues_.size()) queues_[target].on_reply(now, delivery, status, out);
}

void Webhooks::on_deadline(Instant now, WebhookOutputs& out) {
    for (WebhookQueue& queue : queues_) queue.on_deadline(now, out);
}

Instant Webhooks::next_deadline() const {
    Instant next = Instant::never();
    for (const WebhookQueue& queue : queues_) next = std::min(next, queue.next_deadline());
    return next;
}

WebhookCounts Webhooks::counts() const {
    WebhookCounts sum;
    for (const WebhookQueue& queue : queues_) {
        sum.delivered += queue.counts().delivered;
        sum.failed += queue.counts().failed;
        sum.dropped += queue.counts().dropped;
    }
    return sum;
}

size_t Webhooks::waiting() const {
    size_t sum = 0;
    for (const WebhookQueue& queue : queues_) sum += queue.size();
    return sum;
}

}  // namespace parley::controller::api
