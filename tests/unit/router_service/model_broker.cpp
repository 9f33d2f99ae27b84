#include "tests/unit/router_service/model_broker.h"

#include <algorithm>

#include "common/cluster/names.h"

namespace parley::test {

namespace {

constexpr size_t kPrefetch = 500;

}  // namespace

void Clock::at(Instant when, std::function<void()> what) {
    events_.emplace(std::pair(std::max(when, now_), ++last_), std::move(what));
}

void Clock::run_until(Instant end) {
    while (!events_.empty() && events_.begin()->first.first <= end) {
        auto node = events_.extract(events_.begin());
        now_ = node.key().first;
        node.mapped()();
    }
    now_ = end;
}

Duration ModelBroker::delay() {
    // Mostly a local network, now and then a queue leader that moves.
    return Duration(random_.below(50) == 0 ? 50'000 + random_.below(150'000)
                                           : 200 + random_.below(5'000));
}

ModelBroker::Link ModelBroker::connect(Connection connection) {
    auto link = std::make_shared<Connection>(std::move(connection));
    links_.push_back(link);
    deliver_rooms();
    return link;
}

void ModelBroker::cut(const Link& link) {
    link->open = false;
    std::erase(links_, link);
    for (auto mail = link->unacknowledged.rbegin(); mail != link->unacknowledged.rend(); ++mail) {
        mail->second.delivery.redelivered = true;
        redelivered.insert(mail->second.delivery.correlation_id);
        rooms_.push_front(std::move(mail->second));
    }
    link->unacknowledged.clear();
    deliver_rooms();
}

void ModelBroker::publish(const Link& from, const cluster::Publish& publish) {
    from->last_out = std::max(from->last_out, clock_.now() + delay());
    clock_.at(from->last_out, [this, from, publish] {
        if (!from->open) return;
        route(from, publish);
        if (publish.id == 0) return;
        clock_.after(delay(), [from, id = publish.id] {
            if (from->open && from->on_confirmed) from->on_confirmed(id);
        });
    });
}

void ModelBroker::acknowledge(const Link& from, uint64_t tag) {
    from->last_out = std::max(from->last_out, clock_.now() + delay());
    clock_.at(from->last_out, [this, from, tag] {
        if (from->unacknowledged.erase(tag) > 0) deliver_rooms();
    });
}

void ModelBroker::serve(const std::string& server,
                        std::function<bool(const cluster::Delivery&)> take) {
    takers_[server] = std::move(take);
    wake(server);
}

void ModelBroker::wake(const std::string& server) {
    std::deque<Mail>& queue = servers_[server];
    while (!queue.empty()) {
        const Mail mail = queue.front();
        if (mail.expires > clock_.now() && !takers_[server](mail.delivery)) return;
        queue.pop_front();
    }
}

void ModelBroker::route(const Link& from, const cluster::Publish& publish) {
    cluster::Delivery delivery{.tag = 0,
                               .queue = {},
                               .key = publish.key,
                               .body = publish.body,
                               .reply_to = publish.reply_to,
                               .correlation_id = publish.correlation_id,
                               .traceparent = publish.traceparent};
    if (publish.reply_to == cluster::kReplyTo) {
        delivery.reply_to = "reply." + std::to_string(++last_reply_);
        replies_[delivery.reply_to] = {from, ""};
    }
    const Instant expires =
        publish.expiration ? clock_.now() + *publish.expiration : Instant::never();
    if (publish.exchange == cluster::kLoad) {
        for (const Link& link : links_) {
            if (link->consumes_rooms) send(link, delivery);
        }
    } else if (publish.exchange == cluster::kCommands && publish.key == cluster::kRoomsKey) {
        delivery.queue = cluster::kRooms;
        rooms_.push_back({delivery, expires});
        deliver_rooms();
    } else if (publish.exchange == cluster::kCommands) {
        const std::string server = publish.key.substr(cluster::server_key("").size());
        clock_.after(delay(), [this, server, delivery, expires] {
            servers_[server].push_back({delivery, expires});
            wake(server);
        });
    } else if (publish.exchange.empty() && publish.key == "app") {
        clock_.after(delay(), [this, delivery] { on_app_answer(delivery); });
    } else if (publish.exchange.empty()) {
        const auto reply = replies_.find(publish.key);
        if (reply == replies_.end()) return;
        if (const Link to = reply->second.first.lock()) send(to, delivery);
        replies_.erase(reply);
    }
}

void ModelBroker::deliver_rooms() {
    const auto active =
        std::ranges::find_if(links_, [](const Link& link) { return link->consumes_rooms; });
    if (active == links_.end()) return;
    while (!rooms_.empty() && (*active)->unacknowledged.size() < kPrefetch) {
        Mail mail = std::move(rooms_.front());
        rooms_.pop_front();
        if (mail.expires <= clock_.now()) continue;
        mail.delivery.tag = ++last_tag_;
        const cluster::Delivery delivery = mail.delivery;
        (*active)->unacknowledged.emplace(delivery.tag, std::move(mail));
        send(*active, delivery);
    }
}

void ModelBroker::send(const Link& to, cluster::Delivery delivery) {
    to->last_in = std::max(to->last_in, clock_.now() + delay());
    clock_.at(to->last_in, [to, delivery = std::move(delivery)] {
        if (to->open) to->on_delivery(delivery);
    });
}

}  // namespace parley::test
