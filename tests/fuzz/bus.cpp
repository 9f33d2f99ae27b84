#include "tests/fuzz/bus.h"

#include <doctest/doctest.h>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "tests/unit/cluster/samples.h"

namespace parley::fuzz {

namespace {

namespace clustering = controller::clustering;

constexpr const char* kServer = "server-1";
constexpr const char* kApp = "app";
constexpr size_t kSaidMost = 400;  // messages that are mutated

clustering::Options presence_options() {
    clustering::Options options;
    options.server = kServer;
    options.signalling = "wss://one/";
    return options;
}

router_service::Options service_options() {
    router_service::Options options;
    options.patience.forgotten = 10s;  // of servers that never were
    options.decisions_most = 64;
    return options;
}

}  // namespace

std::vector<std::string> letters() {
    namespace samples = cluster::samples;
    std::vector<std::string> texts;
    for (const auto& command : samples::commands()) texts.push_back(cluster::write(command));
    for (const auto& answer : samples::answers()) texts.push_back(cluster::write(answer));
    texts.push_back(cluster::write(samples::beat()));
    texts.push_back(cluster::write(samples::event()));
    return texts;
}

Bus::Bus()
    : presence_(server_.now, presence_options(), random_,
                [](const cluster::PeerAdd& peer, base::Instant) {
                    return std::optional("token-of-" + peer.peer);
                }),
      service_(service_options(), random_) {
    server_.checks = false;  // once a round is enough
    server_.start();
    clustering::Mail mail;
    presence_.on_up(server_.now, mail);
    take(std::move(mail));
    router_service::Outputs out;
    service_.on_connected(server_.now, out);
    take(std::move(out));
    carry();
}

void Bus::deliver_to_service(cluster::Delivery delivery) {
    delivery.tag = delivery.queue == cluster::kRooms ? ++last_tag_ : 0;
    router_service::Outputs out;
    service_.on_delivery(server_.now, delivery, out);
    take(std::move(out));
    carry();
}

void Bus::deliver_to_server(cluster::Delivery delivery) {
    delivery.tag = ++last_tag_;
    clustering::Mail mail;
    server_.call([&](auto& core, base::Instant now, auto& out) {
        presence_.on_delivery(now, delivery, core, out, mail);
        return 0;
    });
    take(std::move(mail));
    carry();
}

void Bus::run(base::Duration time) {
    const base::Instant end = server_.now + time;
    while (server_.now < end) {
        server_.advance(100ms);
        clustering::Mail mail;
        server_.call([&](auto& core, base::Instant now, auto& out) {
            if (presence_.next_deadline() <= now) presence_.on_deadline(now, core, out, mail);
            return 0;
        });
        take(std::move(mail));
        router_service::Outputs out;
        service_.on_deadline(server_.now, out);
        take(std::move(out));
        carry();
    }
    server_.logs.clear();
    server_.trace.clear();
}

cluster::Answer Bus::ask(const cluster::Command& command) {
    answers_.clear();
    deliver_to_service({.queue = std::string(cluster::kRooms),
                        .key = std::string(cluster::kRoomsKey),
                        .body = cluster::write(command),
                        .reply_to = kApp,
                        .correlation_id = "app"});
    for (int step = 0; step < 20 && answers_.empty(); ++step) run(100ms);
    return answers_.empty() ? cluster::Answer{cluster::Refusal{0, "no answer"}} : answers_.back();
}

void Bus::tell_server(const cluster::Command& command) {
    deliver_to_server({.queue = cluster::server_queue(kServer),
                       .key = cluster::server_key(kServer),
                       .body = cluster::write(command)});
}

void Bus::take(router_service::Outputs outputs) {
    for (router_service::Output& output : outputs) {
        auto* publish = std::get_if<cluster::Publish>(&output);
        if (publish == nullptr) continue;
        if (publish->id != 0) confirmations_.emplace_back(publish->id, true);
        on_the_way_.push_back(std::move(*publish));
    }
}

void Bus::take(clustering::Mail mail) {
    for (clustering::Output& output : mail) {
        auto* publish = std::get_if<cluster::Publish>(&output);
        if (publish == nullptr) continue;
        if (publish->id != 0) confirmations_.emplace_back(publish->id, false);
        on_the_way_.push_back(std::move(*publish));
    }
    for (; events_told_ < server_.event_log.size(); ++events_told_) {
        clustering::Mail more;
        presence_.on_event(server_.event_log[events_told_], server_.core(), more);
        for (clustering::Output& output : more) {
            if (auto* said = std::get_if<cluster::Publish>(&output)) {
                on_the_way_.push_back(std::move(*said));
            }
        }
    }
    if (events_told_ > kSaidMost) {
        server_.event_log.clear();
        events_told_ = 0;
    }
}

void Bus::carry() {
    while (!on_the_way_.empty()) {
        const cluster::Publish publish = std::move(on_the_way_.front());
        on_the_way_.pop_front();
        if (said_.size() < kSaidMost) said_.push_back(publish.body);
        route(publish);
        for (const auto& [id, of_service] : std::exchange(confirmations_, {})) {
            router_service::Outputs out;
            clustering::Mail mail;
            of_service ? service_.on_confirmed(server_.now, id, out)
                       : presence_.on_confirmed(id, mail);
        }
    }
}

void Bus::route(const cluster::Publish& publish) {
    cluster::Delivery delivery{.queue = {},
                               .key = publish.key,
                               .body = publish.body,
                               .reply_to = publish.reply_to,
                               .correlation_id = publish.correlation_id};
    if (publish.exchange == cluster::kLoad) {
        delivery.queue = "beats";
        deliver_to_service(std::move(delivery));
    } else if (publish.key == cluster::kRoomsKey) {
        delivery.queue = cluster::kRooms;
        deliver_to_service(std::move(delivery));
    } else if (publish.key == cluster::server_key(kServer)) {
        delivery.queue = cluster::server_queue(kServer);
        deliver_to_server(std::move(delivery));
    } else if (publish.key == cluster::kReplyTo) {
        delivery.queue = cluster::kReplyTo;
        deliver_to_service(std::move(delivery));
    } else if (publish.key == kApp) {
        const auto answer = cluster::parse_answer(publish.body);
        REQUIRE(answer);
        answers_.push_back(*answer);
    }
}

void Bus::ensure_invariants() const {
    service_.ensure_invariants();
}

}  // namespace parley::fuzz
