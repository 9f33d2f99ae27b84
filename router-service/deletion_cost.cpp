#include "router-service/deletion_cost.h"

#include <algorithm>

#include "common/json/json.h"

namespace parley::router_service {

namespace {

using cluster::ServerState;

constexpr int32_t kDrained = -2'000'000'000;
constexpr int32_t kDraining = -1'000'000'000;
constexpr uint32_t kPeopleMost = 900'000'000;
constexpr Duration kAgain = 30s;  // a server's cost is told no more often
constexpr int64_t kChange = 10;   // a tenth of what was told: less changes no order that matters
constexpr int32_t kChangeLeast = 5;

bool matters(int32_t told, int32_t now) {
    if ((told < 0) != (now < 0)) return true;
    const int64_t change = std::abs(int64_t{now} - told);
    return change >= kChangeLeast && change >= std::abs(int64_t{told}) / kChange;
}

}  // namespace

int32_t deletion_cost(const Server& server) {
    if (server.state == ServerState::Drained) return kDrained;
    const auto people = static_cast<int32_t>(std::min(server.load.peers, kPeopleMost));
    return server.state == ServerState::Draining ? kDraining + people : people;
}

CostPatch cost_patch(std::string_view name_space, const DeletionCosts::Change& change) {
    JsonWriter json;
    json.object().key("metadata").object().key("annotations").object();
    json.text("controller.kubernetes.io/pod-deletion-cost", std::to_string(change.cost));
    json.end_object().end_object().end_object();
    return {"/api/v1/namespaces/" + std::string(name_space) + "/pods/" + change.server,
            json.take()};
}

std::vector<DeletionCosts::Change> DeletionCosts::on_sample(Instant now, const Picture& picture,
                                                            size_t most) {
    std::erase_if(told_, [&](const auto& one) { return !picture.servers().find(one.first); });
    std::vector<Change> changes;
    for (const ServerIndex at : picture.servers().all()) {
        const Server& server = picture.servers()[at];
        // Whoever leaves is deleted already.
        if (!server.known || server.leaving || server.standing == Standing::Lost) continue;
        Told& told = told_[server.id];
        const int32_t cost = deletion_cost(server);
        const bool due = !told.asked && now >= told.next && changes.size() < most;
        if (!due || (told.cost && !matters(*told.cost, cost))) continue;
        told.asked = true;
        changes.push_back({server.id, cost});
    }
    return changes;
}

void DeletionCosts::on_told(Instant now, std::string_view server, int32_t cost, bool taken) {
    const auto found = told_.find(server);
    if (found == told_.end()) return;
    found->second.asked = false;
    found->second.next = now + kAgain;
    if (taken) found->second.cost = cost;
}

}  // namespace parley::router_service
