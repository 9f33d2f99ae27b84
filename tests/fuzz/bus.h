#pragma once

#include <deque>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "controller/cluster/presence.h"
#include "router-service/core.h"
#include "tests/unit/controller/model_server.h"

namespace parley::fuzz {

// One of each message that goes through the broker.
std::vector<std::string> letters();

// A server and a router-service with a broker between them that takes no time: what one says to the
// other is there at once. All that was ever said is kept, to be said again in other words.
class Bus {
public:
    Bus();

    void deliver_to_service(cluster::Delivery delivery);
    void deliver_to_server(cluster::Delivery delivery);

    // Time passes, in steps that leave room for beats.
    void run(base::Duration time);

    // Asks as the app does, and returns the answer; nothing within two seconds: refused with 0.
    cluster::Answer ask(const cluster::Command& command);
    // Tells the server itself, as an operator would through any router-service.
    void tell_server(const cluster::Command& command);

    router_service::RouterService& service() { return service_; }
    test::ModelServer& server() { return server_; }
    const std::vector<std::string>& said() const { return said_; }
    void ensure_invariants() const;

private:
    void carry();
    void route(const cluster::Publish& publish);
    void take(router_service::Outputs outputs);
    void take(controller::clustering::Mail mail);

    base::SeededRandom random_{1};
    test::ModelServer server_;
    controller::clustering::Presence presence_;
    router_service::RouterService service_;
    std::deque<cluster::Publish> on_the_way_;
    std::vector<std::pair<uint64_t, bool>> confirmations_;  // id; of the service
    std::vector<cluster::Answer> answers_;                  // to the app
    std::vector<std::string> said_;
    size_t events_told_ = 0;
    uint64_t last_tag_ = 0;
};

}  // namespace parley::fuzz
