#include "controller/api/metrics.h"

#include <algorithm>

#include "common/web/program_metrics.h"
#include "controller/api/worker_metrics.h"

namespace parley::controller::api {

namespace {

using web::Families;
using web::MetricType;

constexpr auto kCounter = MetricType::Counter;
constexpr auto kGauge = MetricType::Gauge;

void add_rooms(Families& families, const Overview& all) {
    const auto now = [&](const char* name, const char* help, size_t value) {
        families.one(name, help, kGauge, value);
    };
    now("parley_rooms", "Rooms", all.rooms);
    now("parley_rooms_spread", "Rooms over more than one worker", all.rooms_spread);
    now("parley_rooms_overflowed", "Rooms that go on in workers of other servers",
        all.rooms_overflowed);
    now("parley_peers", "Peers in all rooms", all.peers);
    now("parley_peers_connected", "Peers with a signalling connection", all.peers_connected);
    now("parley_peers_joined", "Peers that have joined", all.peers_joined);
    now("parley_clients_held", "Clients that wait for a worker", all.clients_held);
    now("parley_pipes", "Pipes between the workers of our rooms", all.pipes);
    now("parley_crossings", "Streams that cross from worker to worker", all.crossings);
}

void add_tally(Families& families, const Tally& tally) {
    const auto sum = [&](const char* name, const char* help, uint64_t value) {
        families.one(name, help, kCounter, value);
    };
    sum("parley_peers_added_total", "Peers let into a room", tally.peers_added);
    sum("parley_peers_resumed_total", "Connections that went on with a session",
        tally.peers_resumed);
    sum("parley_joins_total", "Peers that joined", tally.joins);
    web::add_by(families, "parley_joins_refused_total", "Clients not let into a room, by why",
                kCounter, "reason", tally.refused);
    web::add_by(families, "parley_peers_left_total", "Peers that left a room, by why", kCounter,
                "reason", tally.left);
    families.one("parley_join_seconds", "From a peer's connection to its having joined",
                 tally.join.view());
    families.one("parley_connect_seconds",
                 "From a peer's connection to its first connected transport", tally.connect.view());
}

void add_links(Families& families, const ClusterCounts& counts) {
    const auto both = [&](const char* name, const char* help, MetricType type, uint64_t out,
                          uint64_t in) {
        families.open(name, help, type);
        families.add(static_cast<double>(out), {{"to", "others"}});
        families.add(static_cast<double>(in), {{"to", "here"}});
    };
    both("parley_links", "Links between this server and others", kGauge, counts.links_out,
         counts.links_in);
    both("parley_links_opened_total", "Links that came to be", kCounter, counts.links_opened_out,
         counts.links_opened_in);
    both("parley_forwarded_connections", "Signalling connections on links", kGauge,
         counts.forwarded_out, counts.forwarded_in);
    both("parley_forwarded_connections_opened_total", "Signalling connections put on links",
         kCounter, counts.opened_out, counts.opened_in);
    families.one("parley_links_lost_total", "Links that broke with clients on them", kCounter,
                 counts.links_lost);
    families.one("parley_links_refused_total", "Links with a wrong key, or frames that can not be",
                 kCounter, counts.links_refused);
    families.one("parley_loans_borrowed", "Workers of other servers for us, or asked for", kGauge,
                 counts.loans_borrowed);
    families.one("parley_loans_lent", "Loans of our workers to other servers", kGauge,
                 counts.loans_lent);
}

void add_cluster(Families& families, const ClusterCounts& counts) {
    families.open("parley_server_info", "1, with who this is among others", kGauge);
    families.add(1, {{"server", counts.server}, {"region", counts.region}});
    families.open("parley_server_state", "1 for the state that the server is in", kGauge);
    for (const char* state : {"up", "draining", "drained"}) {
        families.add(counts.state == state, {{"state", state}});
    }
    families.one("parley_server_rivals", "1 while another process says that it is this server",
                 kGauge, counts.has_rival);
    web::add_broker(families, counts.broker);
    families.one("parley_cluster_servers", "Other servers that are heard of", kGauge,
                 counts.servers_known);
    families.one("parley_cluster_rooms_elsewhere", "Rooms of other servers that are known here",
                 kGauge, counts.rooms_elsewhere);
    families.one("parley_cluster_commands_total", "Commands of the cluster and of apps", kCounter,
                 counts.commands);
    families.one("parley_cluster_commands_passed_on_total", "Of these, for rooms of other servers",
                 kCounter, counts.commands_passed_on);
    families.one("parley_cluster_commands_refused_total", "Of these, refused", kCounter,
                 counts.commands_refused);
    families.one("parley_cluster_unreadable_total",
                 "What came from the broker and could not be read", kCounter, counts.unreadable);
    families.one("parley_cluster_beats_total", "Beats that this server has said", kCounter,
                 counts.beats);
    families.one("parley_clients_waiting", "Clients for whose room the cluster is asked", kGauge,
                 counts.guests);
    add_links(families, counts);
}

void add_edges(Families& families, const EdgeCounts& counts) {
    families.one("parley_signalling_connections", "Open signalling connections", kGauge,
                 counts.signalling_connections);
    web::add_by(families, "parley_signalling_closed_total",
                "Signalling connections that this server closed, by the code", kCounter, "code",
                counts.closings);
    families.one("parley_event_listeners", "Open /v1/events connections", kGauge,
                 counts.event_listeners);
    web::add_by(families, "parley_events_total", "Events that happened, by type", kCounter, "type",
                counts.events);
    families.one("parley_webhook_delivered_total", "Events that a webhook took", kCounter,
                 counts.webhooks_delivered);
    families.one("parley_webhook_failed_tries_total", "Posts that a webhook did not take", kCounter,
                 counts.webhooks_failed);
    families.one("parley_webhook_dropped_total", "Events that no webhook will hear of", kCounter,
                 counts.webhooks_dropped);
    families.one("parley_webhook_waiting", "Events that wait for a webhook", kGauge,
                 counts.webhooks_waiting);
    web::add_responses(families, "parley_http_responses_total", counts.responses);
}

}  // namespace

std::string metrics_text(Instant now, const Controller& controller, const EdgeCounts& counts) {
    Families families;
    web::add_process(families, "controller", counts.version, counts.process);
    families.one("parley_ready", "1 when at least one worker runs", kGauge,
                 controller.ready() ? 1 : 0);
    add_rooms(families, controller.overview());
    add_tally(families, controller.tally());
    add_workers(families, controller.workers(now), controller.load_most());
    const Capacity capacity = controller.capacity(now);
    families.one("parley_capacity_cores", "Cores that may be used for media", kGauge,
                 capacity.most);
    families.one("parley_capacity_used_cores", "Cores in use, and promised to peers on their way",
                 kGauge, capacity.used);
    families.one("parley_capacity_free_cores", "Cores that are left for media", kGauge,
                 std::max(0.0, capacity.most - capacity.used));
    families.one("parley_capacity_peer_cores", "What a peer costs here, on average", kGauge,
                 capacity.per_peer);
    if (counts.cluster) add_cluster(families, *counts.cluster);
    add_edges(families, counts);
    return families.text();
}

}  // namespace parley::controller::api
