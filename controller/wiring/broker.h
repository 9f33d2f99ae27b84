#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/random.h"
#include "common/shell/amqp.h"
#include "common/shell/loop.h"
#include "controller/api/metrics.h"
#include "controller/cluster/presence.h"
#include "controller/core.h"

namespace parley::controller {

// This server's place in the cluster, and the broker that it speaks through. Decides nothing.
class Broker {
public:
    struct Options {
        shell::AmqpOptions amqp;  // the topology follows from the presence
        clustering::Options presence;
    };
    // Calls a core with the time, and delivers what it says.
    using Turn = std::function<void(const std::function<void(base::Instant, Outputs&)>&)>;
    struct Events {
        Turn turn;
        std::function<void(const Log&)> on_log;
        std::function<void(const clustering::Answered&)> on_answered;
        // Rooms and servers elsewhere may have become known.
        std::function<void()> on_news;
    };

    // `core` and `random` are borrowed. The error says what is wrong with the URL.
    static base::Result<std::unique_ptr<Broker>, std::string> start(
        shell::Loop& loop, Options options, Controller& core, base::Random& random,
        clustering::IssueToken issue_token, Events events);

    void on_event(const Event& event);
    void on_deadline();
    base::Instant next_deadline() const { return presence_.next_deadline(); }
    void drain(std::optional<base::Duration> deadline, bool for_good);
    void undrain();
    void on_stop();

    void count(api::ClusterCounts& counts) const;

    const shell::AmqpClient& amqp() const { return *amqp_; }
    clustering::Presence& presence() { return presence_; }
    const clustering::Presence& presence() const { return presence_; }
    base::Instant now() const { return loop_.now(); }
    // Does what a core of this server's place in the cluster says.
    void deliver(clustering::Mail mail);

private:
    Broker(shell::Loop& loop, clustering::Options options, Controller& core, base::Random& random,
           clustering::IssueToken issue_token, Events events);

    shell::AmqpClient::Events client_events();

    shell::Loop& loop_;
    Controller& core_;
    Events events_;
    clustering::Presence presence_;
    std::unique_ptr<shell::AmqpClient> amqp_;
};

}  // namespace parley::controller
