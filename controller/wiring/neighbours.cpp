#include "controller/wiring/neighbours.h"

#include <utility>

#include "controller/wiring/dialling.h"

#include "common/cluster/names.h"

namespace parley::controller {

namespace {

// Unsent to one server: what all its clients may leave unread within the seconds that it takes to
// find out that it hangs.
constexpr size_t kQueueBytes = 16 * 1024 * 1024;

}  // namespace

base::Result<std::unique_ptr<Neighbours>, std::string> Neighbours::start(
    Place place, clustering::Reception::Options options) {
    std::unique_ptr<Neighbours> neighbours(new Neighbours(place, std::move(options)));
    shell::WebClient::Options client{.subprotocol = std::string(clustering::kLinkProtocol)};
    client.limits.message_bytes = clustering::kLinkFrameBytes;
    client.limits.queue_bytes = kQueueBytes;
    auto started =
        shell::WebClient::create(place.context, std::move(client), neighbours->client_events());
    if (!started) return base::Err{started.error()};
    neighbours->client_ = std::move(*started);
    return neighbours;
}

Neighbours::Neighbours(Place place, clustering::Reception::Options options)
    : place_(std::move(place)),
      reception_(options),
      host_(options.server, place_.broker.presence().link_key()) {}

// Calls a core with all that it may touch, and delivers what it says.
template <typename Call>
void Neighbours::run(Call call) {
    clustering::Mail mail;
    clustering::LinkOutputs links;
    place_.turn([&](base::Instant now, Outputs& out) {
        clustering::Around around{now, place_.broker.presence(), place_.core, out, mail, links};
        call(around);
    });
    place_.broker.deliver(std::move(mail));
    controller::deliver(links, *client_);
}

shell::WebClient::Events Neighbours::client_events() {
    return {.on_open =
                [this](uint64_t link) {
                    run([&](auto& around) {
                        reception_.forwarder().on_link_open(around.now, link, around.links);
                    });
                },
            .on_message =
                [this](uint64_t link, std::string_view text) {
                    run([&](auto& around) { reception_.on_link_frame(around, link, text); });
                },
            .on_closed =
                [this](uint64_t link, const std::string& reason) {
                    run([&](auto& around) {
                        reception_.forwarder().on_link_closed(around.now, link, reason, around.out);
                    });
                }};
}

void Neighbours::on_connect(ConnectionId client, const Admission& admission) {
    run([&](auto& around) { reception_.on_connect(around, client, admission); });
}

void Neighbours::on_message(ConnectionId client, std::string_view text) {
    run([&](auto& around) { reception_.on_message(around, client, text); });
}

void Neighbours::on_disconnect(ConnectionId client) {
    run([&](auto& around) { reception_.on_disconnect(around, client); });
}

void Neighbours::on_link(ConnectionId link, std::string_view remote) {
    run([&](auto& around) { host_.on_connect(around.now, link, remote); });
}

void Neighbours::on_link_message(ConnectionId link, std::string_view text) {
    const bool was_welcome = host_.is_welcome(link);
    run([&](auto& around) {
        host_.on_message(around.now, link, text, around.controller, around.out);
    });
    if (was_welcome || !host_.is_welcome(link)) return;
    place_.web.widen(link, clustering::kLinkFrameBytes, kQueueBytes);
}

void Neighbours::on_link_disconnect(ConnectionId link) {
    run([&](auto& around) {
        host_.on_disconnect(around.now, link, around.controller, around.out);
    });
}

std::optional<api::Away> Neighbours::find(std::string_view room) const {
    const clustering::Presence& presence = place_.broker.presence();
    const auto place = presence.find(room);
    if (!place) return std::nullopt;
    const auto* link = presence.directory().link(place->home);
    return api::Away{*place, link ? link->address : ""};
}

clustering::AskId Neighbours::ask(const api::Ask& ask) {
    clustering::Mail mail;
    const std::string key =
        ask.server.empty() ? std::string(cluster::kRoomsKey) : cluster::server_key(ask.server);
    const auto id =
        place_.broker.presence().ask(place_.broker.now(), key, ask.command, mail, ask.traceparent);
    place_.broker.deliver(std::move(mail));
    return id;
}

void Neighbours::count(api::ClusterCounts& counts) const {
    const clustering::Forwarder& away = reception_.forwarder();
    counts.links_out = away.links();
    counts.links_in = host_.links();
    counts.forwarded_out = away.clients();
    counts.forwarded_in = host_.clients();
    counts.links_opened_out = away.counts().links;
    counts.links_opened_in = host_.counts().links;
    counts.opened_out = away.counts().opened;
    counts.opened_in = host_.counts().opened;
    counts.guests = reception_.waiting();
    counts.links_lost = away.counts().links_lost;
    counts.links_refused = away.counts().refused + host_.counts().refused;
}

void Neighbours::on_answered(const clustering::Answered& answered) {
    run([&](auto& around) { reception_.on_answer(around, answered); });
}

void Neighbours::on_news() {
    if (reception_.waiting() == 0) return;
    run([&](auto& around) { reception_.on_news(around); });
}

void Neighbours::on_deadline() {
    run([&](auto& around) {
        if (reception_.next_deadline() <= around.now) reception_.on_deadline(around);
        if (host_.next_deadline() > around.now) return;
        host_.on_deadline(around.now, around.controller, around.out);
    });
}

base::Instant Neighbours::next_deadline() const {
    return std::min(reception_.next_deadline(), host_.next_deadline());
}

}  // namespace parley::controller
