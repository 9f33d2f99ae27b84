#include "common/web/program_metrics.h"
#include "router-service/api.h"

namespace parley::router_service {

namespace {

constexpr auto kCounter = web::MetricType::Counter;
constexpr auto kGauge = web::MetricType::Gauge;

void add_counts(web::Families& families, const Counts& counts) {
    const auto one = [&](const char* name, const char* help, uint64_t value) {
        families.one(name, help, kCounter, value);
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
    families.one("parley_service_assignment_seconds",
                 "From the command that makes a room to its home", counts.assignment.view());
    families.one("parley_service_rehoming_seconds", "From the first try to another home of a room",
                 counts.rehoming.view());
}

constexpr Standing kStandings[] = {Standing::Eligible, Standing::Overloaded, Standing::Full,
                                   Standing::Unknown,  Standing::Draining,   Standing::Stale,
                                   Standing::Lost};

void add_servers(web::Families& families, const Picture& picture) {
    std::map<std::string, uint64_t, std::less<>> by_standing;
    for (const Standing standing : kStandings) by_standing[standing_text(standing)] = 0;
    uint64_t peers = 0, workers = 0;
    for (const ServerIndex at : picture.servers().all()) {
        const Server& server = picture.servers()[at];
        ++by_standing[standing_text(server.standing)];
        if (server.standing == Standing::Lost) continue;
        peers += server.load.peers;
        workers += server.load.workers;
    }
    web::add_by(families, "parley_service_servers", "Servers, by how they stand", kGauge,
                "standing", by_standing);
    families.one("parley_service_workers", "Workers that run, on all servers", kGauge, workers);
    families.one("parley_service_peers", "Peers, on all servers", kGauge, peers);
}

// What is not known yet is not said: who grows the fleet by it would take it for none wanted.
void add_scale(web::Families& families, const ScaleSignal& scale) {
    if (!scale.known) return;
    families.one("parley_service_servers_wanted", "Servers there should be", kGauge, scale.wanted);
    families.one("parley_service_servers_needed", "Servers enough for the load expected", kGauge,
                 scale.needed);
    families.one("parley_service_servers_present", "Servers there are", kGauge,
                 scale.sample.present);
    families.one("parley_service_expected_load_cores",
                 "Load when a server that is asked for now would be there", kGauge, scale.expected);
    families.one("parley_service_servers_surplus", "Servers that may be drained", kGauge,
                 scale.surplus);
    families.one("parley_service_load_cores", "Predicted load of all servers, in cores", kGauge,
                 scale.sample.load);
    families.one("parley_service_capacity_cores", "Capacity of the servers that take rooms", kGauge,
                 scale.sample.capacity);
}

}  // namespace

std::string metrics_text(const RouterService& core, const ScaleSignal& scale,
                         const Surroundings& around,
                         const std::map<uint16_t, uint64_t>& responses) {
    web::Families families;
    web::add_process(families, "router-service", around.version, around.process);
    const auto now = [&](const char* name, const char* help, size_t value) {
        families.one(name, help, kGauge, value);
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
    web::add_broker(families, around.broker);
    web::add_responses(families, "parley_service_http_responses_total", responses);
    return families.text();
}

}  // namespace parley::router_service
