#include "controller/wiring/broker.h"

#include <utility>

#include "common/cluster/codec.h"
#include "common/shell/program_numbers.h"

namespace parley::controller {

namespace {

template <typename... Ts>
struct Cases : Ts... {
    using Ts::operator()...;
};

}  // namespace

base::Result<std::unique_ptr<Broker>, std::string> Broker::start(shell::Loop& loop, Options options,
                                                                 Controller& core,
                                                                 base::Random& random,
                                                                 clustering::IssueToken issue_token,
                                                                 Events events) {
    options.amqp.topology = clustering::topology(options.presence);
    std::unique_ptr<Broker> broker(new Broker(loop, std::move(options.presence), core, random,
                                              std::move(issue_token), std::move(events)));
    auto amqp = shell::AmqpClient::start(loop, std::move(options.amqp), broker->client_events());
    if (!amqp) return base::Err{"broker: " + amqp.error()};
    broker->amqp_ = std::move(*amqp);
    return broker;
}

Broker::Broker(shell::Loop& loop, clustering::Options options, Controller& core,
               base::Random& random, clustering::IssueToken issue_token, Events events)
    : loop_(loop),
      core_(core),
      events_(std::move(events)),
      presence_(loop.now(), std::move(options), random, std::move(issue_token)) {}

shell::AmqpClient::Events Broker::client_events() {
    return {.on_up =
                [this] {
                    events_.on_log({Level::Info, "the broker is there"});
                    clustering::Mail mail;
                    presence_.on_up(loop_.now(), mail);
                    deliver(std::move(mail));
                },
            .on_down =
                [this](const std::string& reason) {
                    events_.on_log({Level::Warning, "the broker is away: " + reason});
                    presence_.on_down();
                },
            .on_delivery =
                [this](cluster::Delivery&& delivery) {
                    clustering::Mail mail;
                    events_.turn([&](base::Instant now, Outputs& out) {
                        presence_.on_delivery(now, delivery, core_, out, mail);
                    });
                    deliver(std::move(mail));
                    events_.on_news();
                },
            .on_confirmed =
                [this](uint64_t id) {
                    clustering::Mail mail;
                    presence_.on_confirmed(id, mail);
                    deliver(std::move(mail));
                },
            .on_returned = {}};
}

void Broker::on_event(const Event& event) {
    clustering::Mail mail;
    presence_.on_event(event, core_, mail);
    deliver(std::move(mail));
}

void Broker::on_deadline() {
    clustering::Mail mail;
    events_.turn([&](base::Instant now, Outputs& out) {
        if (presence_.next_deadline() <= now) presence_.on_deadline(now, core_, out, mail);
    });
    deliver(std::move(mail));
}

void Broker::drain(std::optional<base::Duration> deadline, bool for_good) {
    clustering::Mail mail;
    presence_.drain(loop_.now(), deadline, for_good, mail);
    deliver(std::move(mail));
}

void Broker::undrain() {
    clustering::Mail mail;
    presence_.undrain(loop_.now(), mail);
    deliver(std::move(mail));
}

void Broker::on_stop() {
    clustering::Mail mail;
    presence_.on_stop(loop_.now(), core_, mail);
    deliver(std::move(mail));
}

void Broker::count(api::ClusterCounts& counts) const {
    counts.server = presence_.options().server;
    counts.region = presence_.options().region;
    counts.state = cluster::state_text(presence_.state());
    counts.has_rival = presence_.has_rival();
    counts.broker = shell::broker_numbers(*amqp_);
    const clustering::Directory& directory = presence_.directory();
    counts.servers_known = directory.servers().size();
    counts.rooms_elsewhere = directory.rooms().size();
    const clustering::Counts& said = presence_.counts();
    counts.commands = said.commands;
    counts.commands_passed_on = said.forwarded;
    counts.commands_refused = said.refusals;
    counts.unreadable = said.unreadable;
    counts.beats = said.beats;
}

void Broker::deliver(clustering::Mail mail) {
    for (clustering::Output& output : mail) {
        std::visit(
            Cases{[&](cluster::Publish& publish) { amqp_->publish(std::move(publish)); },
                  [&](const cluster::Acknowledge& tag) { amqp_->acknowledge(tag); },
                  [&](const cluster::Reject& rejection) { amqp_->reject(rejection); },
                  [&](const clustering::Consume& m) { amqp_->consume(m.queue, m.prefetch); },
                  [&](const clustering::Cancel& m) { amqp_->cancel(m.queue); },
                  [&](const clustering::Answered& answered) { events_.on_answered(answered); },
                  [&](const Log& line) { events_.on_log(line); }},
            output);
    }
}

}  // namespace parley::controller
