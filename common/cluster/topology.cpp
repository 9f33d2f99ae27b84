#include "common/cluster/topology.h"

#include "common/cluster/names.h"

namespace parley::cluster {

Topology common_topology(Assignment assignment) {
    Topology topology;
    topology.exchanges = {{std::string(kCommands), ExchangeKind::Direct},
                          {std::string(kLoad), ExchangeKind::Topic},
                          {std::string(kEvents), ExchangeKind::Topic},
                          {std::string(kDead), ExchangeKind::Fanout}};
    const bool single = assignment == Assignment::RouterService;
    topology.queues = {{.name = std::string(kRooms), .single_active_consumer = single},
                       {.name = std::string(kDead)}};
    topology.bindings = {{std::string(kRooms), std::string(kCommands), std::string(kRoomsKey)},
                         {std::string(kDead), std::string(kDead), ""}};
    topology.dead_letters = kDead;
    return topology;
}

Topology server_topology(std::string_view server, Assignment assignment) {
    Topology topology = common_topology(assignment);
    topology.queues.push_back({.name = server_queue(server)});
    topology.bindings.push_back({server_queue(server), std::string(kCommands), server_key(server)});
    return topology;
}

void add_listener(Topology& topology, std::string_view queue, std::string_view exchange,
                  const std::vector<std::string>& keys) {
    topology.queues.push_back({.name = std::string(queue), .temporary = true});
    for (const std::string& key : keys) {
        topology.bindings.push_back({std::string(queue), std::string(exchange), key});
    }
}

}  // namespace parley::cluster
