#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/cluster/messages.h"
#include "tests/sim/whole/broker_client.h"

namespace parley::sim {

// The app's end of the broker: it asks, and is answered. The law: every command is answered, and
// once; twice only where it or its answer was delivered or sent twice, which is said of a broker
// beforehand.
class VoiceApp {
public:
    using OnAnswer = std::function<void(const cluster::Answer&)>;
    struct Figures {
        uint64_t commands = 0, answered = 0, refused = 0, again = 0;
        base::Duration longest{};
        std::map<uint16_t, uint64_t> refusals{};  // by code
    };

    VoiceApp(World& world, VirtualBroker& broker, uint32_t number);

    void ask(const cluster::Command& command, OnAnswer on_answer);

    // Breaks the law when a command has waited for too long.
    void on_second();
    void expect_all_answered();
    const Figures& figures() const { return figures_; }

private:
    struct Asked {
        base::Instant at;
        std::string what;
        OnAnswer on_answer;  // empty once it was answered
    };

    void on_delivery(const cluster::Delivery& delivery);

    World& world_;
    VirtualBroker& broker_;
    Figures figures_;
    uint64_t last_ = 0, first_ = 1;  // numbers of commands that are remembered
    std::deque<Asked> asked_;        // from first_ on
    BrokerClient client_;
};

}  // namespace parley::sim
