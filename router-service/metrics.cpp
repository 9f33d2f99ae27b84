#include "common/web/metric_families.h"
#include "router-service/api.h"

namespace parley::router_service {

namespace {

constexpr auto kCounter = web::MetricType::Counter;
constexpr auto kGauge = web::MetricType::Gauge;

void add_counts(web::Families& families, const Counts& counts) {
    const auto one = [&](const char* name, const char* help, uint64_t value) {
        families.one(name, help, kCounter, static_cast<double>(value));
    };
    one("parley_service_beats_total", "Beats of servers that were read", counts.beats);
    one("parley_service_commands_total", "Commands that were read", counts.commands);
    one("parley_service_answers_ok_total", "Commands answered well", counts.answers_ok);
    one("parley_service_refusals_total", "Commands refused", counts.refusals);
    one("parley_service_unreadable_total", "What could not be read", counts.unreadable);
    one("parley_service_assignments_total", "Homes given to rooms", counts.assignments);
    one("parley_service_second_tries_total", "Servers that did not take a room",
        counts.second_tries);
    one("parley_service_no_capacity_total", "Rooms that no server took", counts.no_capacity);
    one("parley_service_moves_total", "Rooms carried over from lost servers", counts.moves);
    one("parley_service_releases_total", "Times a server was told that a room is not its own",
        counts.releases);
    one("parley_service_servers_lost_total", "Servers lost", counts.servers_lost);
}

void add_servers(web::Families& families, const Picture& picture) {
    std::map<std::string_view, uint64_t> by_standing;
    for (const ServerIndex at : picture.servers().all()) {
        ++by_standing[standing_text(picture.servers()[at].standing)];
    }
    families.open("parley_service_servers", "Servers, by how they stand", kGauge);
    for (const auto& [standing, count] : by_standing) {
        families.add(static_cast<double>(count), {{"standing", std::string(standing)}});
    }
}

// What is not known yet is not said: who grows the fleet by it would take it for none wanted.
void add_scale(web::Families& families, const ScaleSignal& scale) {
    if (!scale.known) return;
    families.one("parley_service_servers_wanted", "Servers there should be", kGauge, scale.wanted);
    families.one("parley_service_servers_surplus", "Servers that may be drained", kGauge,
                 scale.surplus);
    families.one("parley_service_load_cores", "Predicted load of all servers, in cores", kGauge,
                 scale.sample.load);
    families.one("parley_service_capacity_cores", "Capacity of the servers that take rooms", kGauge,
                 scale.sample.capacity);
}

}  // namespace

std::string metrics_text(const RouterService& core, const ScaleSignal& scale,
                         const std::map<uint16_t, uint64_t>& responses) {
    web::Families families;
    const auto now = [&](const char* name, const char* help, size_t value) {
        families.one(name, help, kGauge, static_cast<double>(value));
    };
    now("parley_service_connected", "1 with a connection to the broker", core.is_connected());
    now("parley_service_active", "1 when commands are delivered here", core.is_active());
    now("parley_service_whole", "1 when every server's rooms are known", core.is_whole());
    now("parley_service_rooms", "Rooms", core.picture().rooms().size());
    now("parley_service_rooms_homeless", "Rooms whose home was lost", core.picture().homeless());
    now("parley_service_rooms_disputed", "Rooms that a server has to give up",
        core.picture().rooms().disputes());
    now("parley_service_rooms_opening", "Rooms that are being given a home", core.openings());
    now("parley_service_commands_waiting", "Commands that wait for the picture to be whole",
        core.waiting());
    now("parley_service_questions", "What servers were asked and have not answered",
        core.unanswered());
    add_servers(families, core.picture());
    add_scale(families, scale);
    add_counts(families, core.counts());
    families.open("parley_service_http_responses_total", "Answers of the API, by status", kCounter);
    for (const auto& [status, count] : responses) {
        families.add(static_cast<double>(count), {{"status", std::to_string(status)}});
    }
    return families.text();
}

}  // namespace parley::router_service
