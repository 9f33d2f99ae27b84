#pragma once

#include <string>
#include <vector>

#include "controller/api/webhook_queue.h"

namespace parley::controller::api {

// Every event to every target, each at its own pace.
class Webhooks {
public:
    struct Target {
        std::string url;
        std::string secret;
    };

    Webhooks(const std::vector<Target>& targets, base::Random& random, WebhookLimits limits = {});

    void on_event(Instant now, const Notice& notice, WebhookOutputs& out);

    // `target` and `delivery` as in the Post. `status` 0: there was no answer.
    void on_reply(Instant now, size_t target, uint64_t delivery, int status, WebhookOutputs& out);

    void on_deadline(Instant now, WebhookOutputs& out);
    Instant next_deadline() const;

    WebhookCounts counts() const;  // of all targets
    size_t waiting() const;

private:
    std::vector<WebhookQueue> queues_;
};

}  // namespace parley::controller::api
