#include "controller/api/worker_metrics.h"

#include <algorithm>

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

template <auto Member>
double pipes(const WorkerInfo& worker) {
    return static_cast<double>(worker.pipes.*Member);
}

constexpr auto kCounter = MetricType::Counter;
constexpr auto kGauge = MetricType::Gauge;
constexpr auto kHistogram = MetricType::Histogram;

constexpr WorkerFamily kWorkerFamilies[] = {
    {"parley_worker_restarts_total", "Starts after the first", kCounter,
     number<&WorkerInfo::restarts>},
    {"parley_worker_rooms", "Rooms on the worker", kGauge, number<&WorkerInfo::rooms>},
    {"parley_worker_transports", "WebRTC transports", kGauge, number<&WorkerInfo::transports>},
    {"parley_worker_tcp_connections", "Connections that carry media over TCP, or will", kGauge,
     number<&WorkerInfo::tcp_connections>},
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
    {"parley_worker_pipes", "Pipes to other workers", kGauge, pipes<&WorkerPipes::pipes>},
    {"parley_worker_pipes_connected", "Pipes that are heard from", kGauge,
     pipes<&WorkerPipes::connected>},
    {"parley_worker_pipe_received_streams", "Streams that come out of pipes", kGauge,
     pipes<&WorkerPipes::streams_received>},
    {"parley_worker_pipe_sent_streams", "Streams that go into pipes", kGauge,
     pipes<&WorkerPipes::streams_sent>},
    {"parley_worker_pipe_missing_packets_total", "Packets that were lost in pipes and asked for",
     kCounter, pipes<&WorkerPipes::missing>},
    {"parley_worker_pipe_repaired_packets_total", "Packets that came when they were asked for",
     kCounter, pipes<&WorkerPipes::repaired>},
    {"parley_worker_pipe_retransmitted_packets_total", "Packets that were sent again into pipes",
     kCounter, pipes<&WorkerPipes::retransmissions_sent>},
};

Labels label(const WorkerInfo& worker) {
    return {{"worker", std::to_string(worker.index)}};
}

Labels label(const WorkerInfo& worker, const char* direction) {
    return {{"worker", std::to_string(worker.index)}, {"direction", direction}};
}

using Workers = std::vector<WorkerInfo>;

void add_drops(Families& families, const Workers& workers) {
    families.open("parley_worker_drops_total", "Packets not forwarded, by the reason", kCounter);
    for (const WorkerInfo& worker : workers) {
        for (const auto& [name, count] : worker.drops) {
            Labels labels = label(worker);
            labels.push_back({"reason", name});
            families.add(static_cast<double>(count), std::move(labels));
        }
    }
}

// One family with both ways of each worker.
template <typename Value>
void add_ways(Families& families, const char* name, const char* help, MetricType type,
              const Workers& workers, Value value) {
    families.open(name, help, type);
    for (const WorkerInfo& worker : workers) {
        families.add(value(worker.quality.received), label(worker, "received"));
        families.add(value(worker.quality.sent), label(worker, "sent"));
    }
}

void add_quality(Families& families, const Workers& workers) {
    add_ways(families, "parley_worker_stream_packets_expected_total",
             "RTP packets due to who receives them, by their reports", kCounter, workers,
             [](const StreamQuality& way) { return static_cast<double>(way.packets_expected); });
    add_ways(families, "parley_worker_stream_packets_lost_total",
             "RTP packets that did not come, by the reports of who receives them", kCounter,
             workers,
             [](const StreamQuality& way) { return static_cast<double>(way.packets_lost); });
    add_ways(families, "parley_worker_stream_loss_ratio",
             "Share of a stream that was lost between two reports", kHistogram, workers,
             [](const StreamQuality& way) { return way.loss_ratio.view(); });
    add_ways(families, "parley_worker_stream_jitter_seconds", "Interarrival jitter of a stream",
             kHistogram, workers,
             [](const StreamQuality& way) { return way.jitter_seconds.view(); });
    add_ways(families, "parley_worker_first_packet_seconds",
             "Until a new stream's first packet was accepted, or sent to a listener", kHistogram,
             workers, [](const StreamQuality& way) { return way.first_packet_seconds.view(); });
    families.open("parley_worker_round_trip_seconds", "Round trips to peers, as they report",
                  kHistogram);
    for (const WorkerInfo& worker : workers) {
        families.add(worker.quality.round_trip_seconds.view(), label(worker));
    }
    families.open("parley_worker_pipe_round_trip_seconds", "Round trips to other workers",
                  kHistogram);
    for (const WorkerInfo& worker : workers) {
        families.add(worker.pipes.round_trip_seconds.view(), label(worker));
    }
}

}  // namespace

void add_workers(Families& families, const Workers& workers, double load_most) {
    families.open("parley_worker_up", "1 while the worker runs", kGauge);
    for (const WorkerInfo& worker : workers) {
        families.add(worker.state == WorkerState::Running ? 1 : 0, label(worker));
    }
    families.open("parley_worker_info", "1, with the version of the pipe's schema that it speaks",
                  kGauge);
    for (const WorkerInfo& worker : workers) {
        Labels labels = label(worker);
        labels.push_back({"pipe", pipe_version_text(worker.speaks)});
        families.add(1, std::move(labels));
    }
    families.open("parley_worker_free_ratio", "Of its core: what it takes before it is full",
                  kGauge);
    for (const WorkerInfo& worker : workers) {
        const bool runs = worker.state == WorkerState::Running;
        families.add(runs ? std::max(0.0, load_most - worker.load) : 0, label(worker));
    }
    for (const WorkerFamily& family : kWorkerFamilies) {
        families.open(family.name, family.help, family.type);
        for (const WorkerInfo& worker : workers) families.add(family.value(worker), label(worker));
    }
    add_drops(families, workers);
    add_quality(families, workers);
}

}  // namespace parley::controller::api
