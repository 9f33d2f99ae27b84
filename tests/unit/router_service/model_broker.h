#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/cluster/mail.h"
#include "router-service/core.h"

namespace parley::test {

using base::Duration;
using base::Instant;

// Virtual time: what is to happen, in order.
class Clock {
public:
    Instant now() const { return now_; }
    void at(Instant when, std::function<void()> what);
    void after(Duration by, std::function<void()> what) { at(now_ + by, std::move(what)); }
    void run_until(Instant end);

private:
    Instant now_ = Instant::from_micros(1'700'000'000'000'000);
    uint64_t last_ = 0;
    std::map<std::pair<Instant, uint64_t>, std::function<void()>> events_;
};

// A message in a queue of the model broker.
struct Mail {
    cluster::Delivery delivery;
    Instant expires = Instant::never();
};

// The part of RabbitMQ that matters here: a queue with one active consumer that gets back what was
// not acknowledged, a queue for each server, confirms, expiry, delays that keep the order of one
// connection. Publishes of a process that dies on their way are lost.
class ModelBroker {
public:
    // One program's connection. What it is sent stops with it.
    struct Connection {
        std::function<void(const cluster::Delivery&)> on_delivery;
        std::function<void(uint64_t id)> on_confirmed;
        bool consumes_rooms = false;
        bool open = true;
        Instant last_in, last_out;
        std::map<uint64_t, Mail> unacknowledged;  // of the rooms queue, by tag
    };
    using Link = std::shared_ptr<Connection>;

    ModelBroker(Clock& clock, base::Random& random) : clock_(clock), random_(random) {}

    Link connect(Connection connection);
    void cut(const Link& link);

    void publish(const Link& from, const cluster::Publish& publish);
    void acknowledge(const Link& from, uint64_t tag);

    // A server's queue: `take` is called for each message while it returns true for "taken".
    void serve(const std::string& server, std::function<bool(const cluster::Delivery&)> take);
    void wake(const std::string& server);

    // Answers go to whoever has this reply queue.
    std::function<void(const cluster::Delivery&)> on_app_answer;

    uint64_t dead_letters = 0;
    std::set<std::string> redelivered;  // correlation ids

private:
    Duration delay();
    void route(const Link& from, const cluster::Publish& publish);
    void deliver_rooms();
    void send(const Link& to, cluster::Delivery delivery);

    Clock& clock_;
    base::Random& random_;
    std::vector<Link> links_;
    std::deque<Mail> rooms_;
    std::map<std::string, std::deque<Mail>> servers_;
    std::map<std::string, std::function<bool(const cluster::Delivery&)>> takers_;
    uint64_t last_tag_ = 0;
    uint64_t last_reply_ = 0;
    std::map<std::string, std::pair<std::weak_ptr<Connection>, std::string>> replies_;
};

}  // namespace parley::test
