#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What has to be there in the broker before anything is said. Declared on every connection: that
// changes nothing where it is there already, and fails where it is there otherwise.
namespace parley::cluster {

enum class ExchangeKind : uint8_t { Direct, Topic, Fanout };
struct Exchange {
    std::string name;
    ExchangeKind kind;
};

struct Queue {
    std::string name;
    // Temporary: it ends with the connection, and what nobody reads in time is lost oldest first.
    // In the broker each connection's has a name of its own; here it goes by this one.
    // Otherwise: a quorum queue, whose messages survive every restart.
    bool temporary = false;
    bool single_active_consumer = false;
};

struct Binding {
    std::string queue;
    std::string exchange;
    std::string key;
};

struct Topology {
    std::vector<Exchange> exchanges;
    std::vector<Queue> queues;
    std::vector<Binding> bindings;
    // Exchange and queue that take what was rejected, or was delivered in vain too often.
    std::string dead_letters;
};

// Who takes rooms from kRooms. All services of a broker must be of one mind.
enum class Assignment : uint8_t { RouterService, SharedQueue };

// The exchanges, kRooms and kDead.
Topology common_topology(Assignment assignment);

// With the queue of this server.
Topology server_topology(std::string_view server, Assignment assignment);

// Adds a temporary queue to it, bound to a topic exchange (kLoad, kEvents) under these keys. Its
// name is for the program alone.
void add_listener(Topology& topology, std::string_view queue, std::string_view exchange,
                  const std::vector<std::string>& keys);

}  // namespace parley::cluster
