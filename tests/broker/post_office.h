#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/shell/amqp.h"
#include "tests/support/rabbitmq.h"
#include "tests/unit/shell/drive.h"

namespace parley::shell {

using test::RabbitMq;

// A client of the real broker, and all that it was told.
class PostOffice {
public:
    PostOffice(Loop& loop, AmqpOptions options) : loop_(loop) {
        auto started = AmqpClient::start(
            loop, std::move(options),
            {.on_up = [this] { ++ups; },
             .on_down = [this](const std::string& reason) { downs.push_back(reason); },
             .on_delivery =
                 [this](cluster::Delivery&& delivery) {
                     if (settles) client->acknowledge({delivery.tag});
                     deliveries.push_back(std::move(delivery));
                 },
             .on_confirmed = [this](uint64_t id) { confirmed.push_back(id); },
             .on_returned = [this](uint64_t id) { returned.push_back(id); }});
        REQUIRE(started);
        client = std::move(*started);
    }

    template <typename Done>
    bool until(Done done) {
        const bool came = drive(loop_, done, 60s);
        for (const std::string& reason : downs)
            if (!came) MESSAGE(reason);
        return came;
    }
    bool until_up() {
        return until([&] { return client->up(); });
    }
    std::vector<std::string> bodies() const {
        std::vector<std::string> bodies;
        for (const cluster::Delivery& delivery : deliveries) bodies.push_back(delivery.body);
        return bodies;
    }

    bool settles = true;  // acknowledges what comes
    int ups = 0;
    std::vector<std::string> downs;
    std::vector<cluster::Delivery> deliveries;
    std::vector<uint64_t> confirmed, returned;
    std::unique_ptr<AmqpClient> client;

private:
    Loop& loop_;
};

// Options for the broker of this executable, with a queue of the test's own, bound to
// parley.commands under `key`.
inline AmqpOptions options_for(const std::string& key) {
    cluster::Topology topology = cluster::common_topology(cluster::Assignment::RouterService);
    topology.queues.push_back({.name = "test." + key});
    topology.bindings.push_back({"test." + key, "parley.commands", key});
    return {.url = RabbitMq::shared().url, .name = "test", .topology = topology, .heartbeat = 1s};
}

}  // namespace parley::shell
