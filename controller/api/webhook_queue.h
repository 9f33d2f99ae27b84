#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "controller/api/events.h"
#include "controller/core.h"

namespace parley::controller::api {

struct WebhookLimits {
    size_t events = 10'000;           // that wait for one target; the oldest make room
    size_t bytes = 16 * 1024 * 1024;  // the same, of their bodies
    size_t parallel = 8;              // posts on their way to one target
    base::Duration first_wait = 1s;   // after the first failure; doubles with each
    base::Duration longest_wait = 1min;
    base::Duration patience = 1h;  // an event that is older is given up when it fails
};

// Post this; answer with on_reply(). A delivery is one event for one target.
struct Post {
    size_t target = 0;
    uint64_t delivery = 0;
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::shared_ptr<const std::string> body;
};
struct WebhookOutputs {
    std::vector<Post> posts;
    std::vector<Log> logs;
};

struct WebhookCounts {
    uint64_t delivered = 0;
    uint64_t failed = 0;   // tries
    uint64_t dropped = 0;  // events given up: too many, or too old
};

// What waits for one target. Within a room an event waits for the one before it; rooms do not
// wait for each other. Lives in memory only: what waits when the server ends is lost.
class WebhookQueue {
public:
    // `random` is borrowed; it spreads the retries.
    WebhookQueue(size_t index, std::string url, std::string secret, WebhookLimits limits,
                 base::Random& random);

    void on_event(Instant now, const Notice& notice, WebhookOutputs& out);

    // `status` of the answer; 0 when none came. A delivery that is not on its way is ignored.
    void on_reply(Instant now, uint64_t delivery, int status, WebhookOutputs& out);

    void on_deadline(Instant now, WebhookOutputs& out);
    Instant next_deadline() const;

    const WebhookCounts& counts() const { return counts_; }
    size_t size() const { return waiting_.size(); }

    void ensure_invariants() const;

private:
    struct Waiting {
        Notice notice;
        Instant since;
        bool on_its_way = false;
    };
    struct Room {
        std::deque<uint64_t> deliveries;  // the first is next or on its way
        uint32_t failures = 0;            // of the first, in a row
        Instant due;                      // of the first, while it is in due_
    };

    void send_due(Instant now, WebhookOutputs& out);
    Post post(Instant now, uint64_t delivery, const Waiting& waiting) const;
    void retry(Instant now, uint64_t delivery, Room& room);
    void remove(Instant next_due, uint64_t delivery);
    void make_room(Instant now, WebhookOutputs& out);
    void drop(Instant now, uint64_t delivery, Instant next_due, WebhookOutputs& out);
    void tell_drops(Instant now, WebhookOutputs& out);

    size_t index_;
    std::string url_, secret_;
    WebhookLimits limits_;
    base::Random& random_;

    std::map<uint64_t, Waiting> waiting_;  // by delivery: in the order of their coming
    std::map<std::string, Room> rooms_;    // of what waits
    std::set<std::pair<Instant, uint64_t>> due_;
    size_t bytes_ = 0, on_their_way_ = 0;
    uint64_t last_delivery_ = 0;
    bool failing_ = false;  // since the last answer, so that it is said once
    WebhookCounts counts_;
    uint64_t drops_untold_ = 0;
    Instant next_telling_;  // drops are told at most once a minute
};

}  // namespace parley::controller::api
