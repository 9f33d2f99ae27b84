#include "common/web/program_metrics.h"

namespace parley::web {

namespace {

constexpr auto kCounter = MetricType::Counter;
constexpr auto kGauge = MetricType::Gauge;

}  // namespace

void add_process(Families& families, std::string_view program, std::string_view version,
                 const ProcessNumbers& numbers) {
    families.open("parley_build_info", "1, with what runs here", kGauge);
    families.add(1, {{"program", std::string(program)}, {"version", std::string(version)}});
    families.one("process_start_time_seconds", "When the process started, since the Unix epoch",
                 kGauge, static_cast<double>(numbers.started.micros()) / 1e6);
    families.one("process_cpu_seconds_total", "Processor time used, by user and system", kCounter,
                 static_cast<double>(numbers.cpu_ns) / 1e9);
    families.one("process_resident_memory_bytes", "Memory in use", kGauge, numbers.resident_bytes);
}

void add_broker(Families& families, const BrokerNumbers& numbers) {
    families.one("parley_broker_up", "1 while the broker is there", kGauge, numbers.up);
    families.one("parley_broker_connections_total", "Connections to the broker that came to be",
                 kCounter, numbers.connections);
    families.one("parley_broker_waiting", "Messages that the broker has not confirmed", kGauge,
                 numbers.waiting);
    families.one("parley_broker_waiting_bytes", "What these messages take", kGauge,
                 numbers.waiting_bytes);
    families.one("parley_broker_unsettled", "Deliveries that are not answered yet", kGauge,
                 numbers.unsettled);
    families.one("parley_broker_published_total", "Messages given to the broker", kCounter,
                 numbers.published);
    families.one("parley_broker_confirmed_total", "Messages that the broker has taken", kCounter,
                 numbers.confirmed);
    families.one("parley_broker_delivered_total", "Messages that the broker has brought", kCounter,
                 numbers.delivered);
    families.open("parley_broker_dropped_total", "Messages for the broker that were dropped",
                  kCounter);
    families.add(static_cast<double>(numbers.dropped_full), {{"reason", "full"}});
    families.add(static_cast<double>(numbers.dropped_expired), {{"reason", "expired"}});
}

void add_responses(Families& families, const char* name,
                   const std::map<uint16_t, uint64_t>& responses) {
    add_by(families, name, "Answers of the API, by status", kCounter, "status", responses);
}

}  // namespace parley::web
