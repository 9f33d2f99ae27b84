#include "controller/api/metrics.h"

#include "common/web/metric_families.h"
#include "controller/views.h"

namespace parley::controller::api {

namespace {

using web::Families;
using web::Labels;
using web::MetricType;

// A number of WorkerInfo under the name that it has outside.
struct WorkerFamily {
    const char* name;
    const char* help;
    MetricType type;
    double (*value)(const WorkerInfo& worker);
};

template <auto Member>
double number(const WorkerInfo& worker) {
    return static_cast<double>(worker.*Member);
}

template <base::Duration WorkerInfo::*Member>
double seconds(const WorkerInfo& worker) {
    return std::chrono::duration<double>(worker.*Member).count();
}

constexpr auto kCounter = MetricType::Counter;
constexpr auto kGauge = MetricType::Gauge;

constexpr WorkerFamily kWorkerFamilies[] = {
    {"parley_worker_restarts_total", "Starts after the first", kCounter,
     number<&WorkerInfo::restarts>},
    {"parley_worker_rooms", "Rooms on the worker", kGauge, number<&WorkerInfo::rooms>},
    {"parley_worker_transports", "WebRTC transports", kGauge, number<&WorkerInfo::transports>},
    {"parley_worker_producers", "Streams that are received", kGauge,
     number<&WorkerInfo::producers>},
    {"parley_worker_consumers", "Streams that are sent", kGauge, number<&WorkerInfo::consumers>},
    {"parley_worker_received_packets_total", "Datagrams received", kCounter,
     number<&WorkerInfo::packets_received>},
    {"parley_worker_received_bytes_total", "Bytes of datagrams received", kCounter,
     number<&WorkerInfo::bytes_received>},
    {"parley_worker_sent_packets_total", "Datagrams sent", kCounter,
     number<&WorkerInfo::packets_sent>},
    {"parley_worker_sent_bytes_total", "Bytes of datagrams sent", kCounter,
     number<&WorkerInfo::bytes_sent>},
    {"parley_worker_received_rtp_packets_total", "RTP packets accepted from a producer", kCounter,
     number<&WorkerInfo::rtp_packets_received>},
    {"parley_worker_sent_rtp_packets_total", "RTP packets forwarded to a consumer", kCounter,
     number<&WorkerInfo::rtp_packets_sent>},
    {"parley_worker_dtls_handshakes_completed_total", "DTLS handshakes that ended well", kCounter,
     number<&WorkerInfo::handshakes_completed>},
    {"parley_worker_dtls_handshakes_failed_total", "DTLS handshakes that did not", kCounter,
     number<&WorkerInfo::handshakes_failed>},
    {"parley_worker_cpu_seconds_total", "Processor time used", kCounter,
     [](const WorkerInfo& worker) { return static_cast<double>(worker.cpu_ns) / 1e9; }},
    {"parley_worker_resident_bytes", "Memory in use", kGauge, number<&WorkerInfo::resident_bytes>},
    {"parley_worker_loop_delay_max_seconds", "How late it got to what was due, at most in a second",
     kGauge, seconds<&WorkerInfo::loop_delay_max>},
    {"parley_worker_loop_delay_mean_seconds", "How late it got to what was due, in a second",
     kGauge, seconds<&WorkerInfo::loop_delay_mean>},
    {"parley_worker_load_ratio", "Of its core: in use, and promised to peers on their way", kGauge,
     number<&WorkerInfo::load>},
};

Labels label(const WorkerInfo& worker) {
    return {{"worker", std::to_string(worker.index)}};
}

void add_workers(Families& families, const std::vector<WorkerInfo>& workers) {
    families.open("parley_worker_up", "1 while the worker runs", kGauge);
    for (const WorkerInfo& worker : workers) {
        families.add(worker.state == WorkerState::Running ? 1 : 0, label(worker));
    }
    for (const WorkerFamily& family : kWorkerFamilies) {
        families.open(family.name, family.help, family.type);
        for (const WorkerInfo& worker : workers) families.add(family.value(worker), label(worker));
    }
    families.open("parley_worker_drops_total", "Packets not forwarded, by the reason", kCounter);
    for (const WorkerInfo& worker : workers) {
        for (const auto& [name, count] : worker.drops) {
            Labels labels = label(worker);
            labels.push_back({"reason", name});
            families.add(static_cast<double>(count), std::move(labels));
        }
    }
}

void add_rooms(Families& families, const std::vector<RoomInfo>& rooms) {
    size_t peers = 0, connected = 0;
    for (const RoomInfo& room : rooms) {
        peers += room.peers.size();
        for (const PeerInfo& peer : room.peers) connected += peer.connected ? 1 : 0;
    }
    families.one("parley_rooms", "Rooms", kGauge, static_cast<double>(rooms.size()));
    families.one("parley_peers", "Peers in all rooms", kGauge, static_cast<double>(peers));
    families.one("parley_peers_connected", "Peers with a signalling connection", kGauge,
                 static_cast<double>(connected));
}

void add_edges(Families& families, const EdgeCounts& counts) {
    const auto one = [&](const char* name, const char* help, MetricType type, uint64_t value) {
        families.one(name, help, type, static_cast<double>(value));
    };
    one("parley_signalling_connections", "Open signalling connections", kGauge,
        counts.signalling_connections);
    one("parley_event_listeners", "Open /v1/events connections", kGauge, counts.event_listeners);
    one("parley_events_total", "Events that happened", kCounter, counts.events);
    one("parley_webhook_delivered_total", "Events that a webhook took", kCounter,
        counts.webhooks_delivered);
    one("parley_webhook_failed_tries_total", "Posts that a webhook did not take", kCounter,
        counts.webhooks_failed);
    one("parley_webhook_dropped_total", "Events that no webhook will hear of", kCounter,
        counts.webhooks_dropped);
    one("parley_webhook_waiting", "Events that wait for a webhook", kGauge,
        counts.webhooks_waiting);
    if (counts.has_broker) {
        one("parley_broker_up", "1 while the broker is there", kGauge, counts.broker_up);
        one("parley_broker_waiting", "Messages that the broker has not confirmed", kGauge,
            counts.broker_waiting);
        families.open("parley_broker_dropped_total", "Messages for the broker that were dropped",
                      kCounter);
        families.add(static_cast<double>(counts.broker_dropped_full), {{"reason", "full"}});
        families.add(static_cast<double>(counts.broker_dropped_expired), {{"reason", "expired"}});
        const auto both = [&](const char* name, const char* help, uint64_t out, uint64_t in) {
            families.open(name, help, kGauge);
            families.add(static_cast<double>(out), {{"to", "others"}});
            families.add(static_cast<double>(in), {{"to", "here"}});
        };
        both("parley_links", "Links between this server and others", counts.links_out,
             counts.links_in);
        both("parley_forwarded_connections", "Signalling connections on links",
             counts.forwarded_out, counts.forwarded_in);
        one("parley_links_lost_total", "Links that broke with clients on them", kCounter,
            counts.links_lost);
        one("parley_links_refused_total", "Links with a wrong key, or frames that can not be",
            kCounter, counts.links_refused);
    }
    families.open("parley_http_responses_total", "Answers of the API, by status", kCounter);
    for (const auto& [status, count] : counts.responses) {
        families.add(static_cast<double>(count), {{"status", std::to_string(status)}});
    }
}

}  // namespace

std::string metrics_text(Instant now, const Controller& controller, const EdgeCounts& counts) {
    Families families;
    families.one("parley_ready", "1 when at least one worker runs", kGauge,
                 controller.ready() ? 1 : 0);
    add_rooms(families, controller.rooms());
    add_workers(families, controller.workers(now));
    const Capacity capacity = controller.capacity(now);
    families.one("parley_capacity_cores", "Cores that may be used for media", kGauge,
                 capacity.most);
    families.one("parley_capacity_used_cores", "Cores in use, and promised to peers on their way",
                 kGauge, capacity.used);
    families.one("parley_capacity_peer_cores", "What a peer costs here, on average", kGauge,
                 capacity.per_peer);
    add_edges(families, counts);
    return families.text();
}

}  // namespace parley::controller::api
