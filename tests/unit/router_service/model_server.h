#pragma once

#include <map>
#include <set>
#include <string>

#include "common/cluster/messages.h"
#include "tests/unit/router_service/model_broker.h"

namespace parley::test {

// A controller as the broker knows it: beats once a second, is the home of the rooms that it was
// told to open, gives up those it is told to release. It can die, hang and come back.
class ModelServer {
public:
    ModelServer(std::string id, Clock& clock, ModelBroker& broker, base::Random& random);

    void start();
    void die(bool rooms_survive);  // start() again later
    void hang() { hangs_ = true; }
    void resume();
    void drain();  // and its deadline is over: all rooms are let go
    void drain_within(Duration time);

    bool is_up() const { return up_ && !hangs_; }
    const std::string& id() const { return id_; }
    std::string last_traceparent;  // of the latest command
    const std::map<std::string, cluster::RoomReport>& rooms() const { return rooms_; }

    double capacity = 1'000;
    uint32_t peers_in_each = 0;

    // (room, epoch) to the server that took it: two of one epoch must never be.
    std::map<std::pair<std::string, cluster::Epoch>, std::string>* epochs = nullptr;

private:
    bool on_delivery(const cluster::Delivery& delivery);
    cluster::Answer on_command(const cluster::Command& command);
    cluster::Answer open(const cluster::RoomOpen& open);
    cluster::Answer place(const cluster::RoomReport& room) const;
    void beat(uint64_t life);

    std::string id_;
    Clock& clock_;
    ModelBroker& broker_;
    base::Random& random_;
    ModelBroker::Link link_;
    bool up_ = false;
    bool hangs_ = false;
    cluster::ServerState state_ = cluster::ServerState::Up;
    Instant drain_at_ = Instant::never();
    uint64_t life_ = 0;
    uint64_t number_ = 0;
    bool whole_ = true;
    std::map<std::string, cluster::RoomReport> rooms_;
    std::map<std::string, cluster::Epoch> released_;
    std::set<std::string> changed_, closed_, given_up_;
};

}  // namespace parley::test
