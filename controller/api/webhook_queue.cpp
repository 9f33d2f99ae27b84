#include "controller/api/webhook_queue.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "controller/api/signature.h"

namespace parley::controller::api {

namespace {

constexpr base::Duration kTellDrops = 1min;

}  // namespace

WebhookQueue::WebhookQueue(size_t index, std::string url, std::string secret, WebhookLimits limits,
                           base::Random& random)
    : index_(index),
      url_(std::move(url)),
      secret_(std::move(secret)),
      limits_(limits),
      random_(random) {}

void WebhookQueue::on_event(Instant now, const Notice& notice, WebhookOutputs& out) {
    const uint64_t delivery = ++last_delivery_;
    bytes_ += notice.text->size();
    waiting_.emplace(delivery, Waiting{notice, now});
    Room& room = rooms_[notice.room];
    room.deliveries.push_back(delivery);
    if (room.deliveries.size() == 1) {
        room.due = now;
        due_.emplace(now, delivery);
    }
    make_room(now, out);
    send_due(now, out);
}

void WebhookQueue::on_reply(Instant now, uint64_t delivery, int status, WebhookOutputs& out) {
    const auto found = waiting_.find(delivery);
    if (found == waiting_.end() || !found->second.on_its_way) return;
    found->second.on_its_way = false;
    --on_their_way_;
    const bool taken = status >= 200 && status < 300;
    if (taken == failing_) {
        failing_ = !taken;
        const std::string answer = status ? "status " + std::to_string(status) : "no answer";
        out.logs.push_back({taken ? Level::Info : Level::Warning,
                            taken ? "webhook " + url_ + " takes events again"
                                  : "webhook " + url_ + " does not take events: " + answer});
    }
    Room& room = rooms_.at(found->second.notice.room);
    if (taken) {
        ++counts_.delivered;
        room.failures = 0;
        remove(now, delivery);
    } else {
        ++counts_.failed;
        if (now - found->second.since >= limits_.patience) {
            drop(now, delivery, now, out);
        } else {
            retry(now, delivery, room);
        }
    }
    send_due(now, out);
}

void WebhookQueue::on_deadline(Instant now, WebhookOutputs& out) {
    send_due(now, out);
    tell_drops(now, out);
}

Instant WebhookQueue::next_deadline() const {
    Instant next = drops_untold_ > 0 ? next_telling_ : Instant::never();
    if (on_their_way_ < limits_.parallel && !due_.empty()) {
        next = std::min(next, due_.begin()->first);
    }
    return next;
}

void WebhookQueue::send_due(Instant now, WebhookOutputs& out) {
    while (on_their_way_ < limits_.parallel && !due_.empty() && due_.begin()->first <= now) {
        const uint64_t delivery = due_.begin()->second;
        due_.erase(due_.begin());
        Waiting& waiting = waiting_.at(delivery);
        waiting.on_its_way = true;
        ++on_their_way_;
        out.posts.push_back(post(now, delivery, waiting));
    }
}

Post WebhookQueue::post(Instant now, uint64_t delivery, const Waiting& waiting) const {
    const std::string& body = *waiting.notice.text;
    return {.target = index_,
            .delivery = delivery,
            .url = url_,
            .headers = {{"Content-Type", "application/json"},
                        {"Parley-Event-Id", waiting.notice.id},
                        {"Parley-Signature", signature(now, secret_, body)}},
            .body = waiting.notice.text};
}

void WebhookQueue::retry(Instant now, uint64_t delivery, Room& room) {
    const uint32_t doublings = std::min<uint32_t>(room.failures++, 20);
    const base::Duration wait =
        std::min(limits_.longest_wait, limits_.first_wait * (int64_t{1} << doublings));
    // 80 % to 100 %: rooms that failed together do not come back together.
    const auto spread = static_cast<uint64_t>(wait.count() / 5 + 1);
    room.due = now + wait - base::Duration(static_cast<int64_t>(random_.below(spread)));
    due_.emplace(room.due, delivery);
}

// Takes a delivery out that is not on its way. When it was the first of its room, the one after
// it is due at `next_due`.
void WebhookQueue::remove(Instant next_due, uint64_t delivery) {
    const auto found = waiting_.find(delivery);
    bytes_ -= found->second.notice.text->size();
    const auto place = rooms_.find(found->second.notice.room);
    Room& room = place->second;
    waiting_.erase(found);
    const bool first = room.deliveries.front() == delivery;
    if (first) due_.erase({room.due, delivery});
    room.deliveries.erase(std::find(room.deliveries.begin(), room.deliveries.end(), delivery));
    if (room.deliveries.empty()) {
        rooms_.erase(place);
    } else if (first) {
        room.due = next_due;
        due_.emplace(room.due, room.deliveries.front());
    }
}

// The oldest go first, but not those on their way: there are few of them.
void WebhookQueue::make_room(Instant now, WebhookOutputs& out) {
    while (waiting_.size() > limits_.events || bytes_ > limits_.bytes) {
        const auto oldest = std::find_if(waiting_.begin(), waiting_.end(), [](const auto& entry) {
            return !entry.second.on_its_way;
        });
        if (oldest == waiting_.end()) return;
        // The wait of a room that fails goes over to its next event.
        const Instant due = rooms_.at(oldest->second.notice.room).due;
        drop(now, oldest->first, due, out);
    }
}

void WebhookQueue::drop(Instant now, uint64_t delivery, Instant next_due, WebhookOutputs& out) {
    remove(next_due, delivery);
    ++counts_.dropped;
    ++drops_untold_;
    tell_drops(now, out);
}

void WebhookQueue::tell_drops(Instant now, WebhookOutputs& out) {
    if (drops_untold_ == 0 || now < next_telling_) return;
    out.logs.push_back({Level::Warning, "webhook " + url_ + " missed " +
                                            std::to_string(drops_untold_) +
                                            " events: too many waited, or for too long"});
    drops_untold_ = 0;
    next_telling_ = now + kTellDrops;
}

void WebhookQueue::ensure_invariants() const {
    size_t deliveries = 0, bytes = 0, on_their_way = 0;
    for (const auto& [name, room] : rooms_) {
        ENSURE(!room.deliveries.empty());
        ENSURE(std::is_sorted(room.deliveries.begin(), room.deliveries.end()));
        deliveries += room.deliveries.size();
        const uint64_t first = room.deliveries.front();
        ENSURE(waiting_.at(first).on_its_way != due_.contains({room.due, first}));
    }
    for (const auto& [delivery, waiting] : waiting_) {
        bytes += waiting.notice.text->size();
        on_their_way += waiting.on_its_way ? 1 : 0;
    }
    ENSURE(deliveries == waiting_.size());
    ENSURE(bytes == bytes_);
    ENSURE(on_their_way == on_their_way_ && on_their_way <= limits_.parallel);
    ENSURE(due_.size() + on_their_way == rooms_.size());
    ENSURE(waiting_.size() <= limits_.events + limits_.parallel);
}

}  // namespace parley::controller::api
