#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "router-service/picture.h"

namespace parley::router_service {

// What it would cost to lose a server, for an autoscaler that takes the cheapest: Kubernetes' pods
// have it as the annotation controller.kubernetes.io/pod-deletion-cost. It asks not to be told
// every change, so only those are told that may change an order.
class DeletionCosts {
public:
    struct Change {
        std::string server;
        int32_t cost;
    };

    // Costs to be told now, at most `most`. A change that on_told() does not confirm is said again.
    std::vector<Change> on_sample(Instant now, const Picture& picture, size_t most);
    void on_told(Instant now, std::string_view server, int32_t cost, bool taken);

private:
    struct Told {
        std::optional<int32_t> cost;  // none: not yet
        Instant next;                 // not before
        bool asked = false;
    };
    std::map<std::string, Told, std::less<>> told_;
};

// The request that tells it to the API of Kubernetes, of a pod that is called as the server is.
struct CostPatch {
    std::string path;
    std::string body;  // application/merge-patch+json
};
CostPatch cost_patch(std::string_view name_space, const DeletionCosts::Change& change);

// Less than zero of one that drains, least of one that is empty; else the people who are there.
int32_t deletion_cost(const Server& server);

}  // namespace parley::router_service
