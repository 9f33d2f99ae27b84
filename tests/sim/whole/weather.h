#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/whole/room_book.h"
#include "tests/sim/whole/server_process.h"
#include "tests/sim/whole/service_process.h"
#include "tests/sim/whole/voice_app.h"

namespace parley::sim {

// What goes wrong: servers and their controllers die, hang, lose the network and return; so do the
// router-services; the broker crashes; and operators drain servers, and think better of it.
class Weather {
public:
    using Servers = std::vector<std::unique_ptr<ServerProcess>>;
    using Services = std::vector<std::unique_ptr<ServiceProcess>>;

    Weather(World& world, const Witness& witness, VirtualBroker& broker, Servers& servers,
            Services& services, VoiceApp& app, RoomBook& book);

    // So many troubles an hour, until it clears up: then nothing new begins.
    void begin(double troubles_per_hour);
    void clear_up() { clear_ = true; }

    // Nothing that the cluster as a whole could be excused by is wrong now: the broker runs, and a
    // router-service serves, for a few seconds already.
    bool is_calm() const { return world_.now() - calm_since_ > 3s; }
    void on_second();
    const std::map<std::string, uint64_t>& troubles() const { return troubles_; }

private:
    base::Duration draw(base::Duration least, base::Duration most);
    void next();
    void trouble();
    void trouble_server();
    void trouble_service();
    void trouble_broker();
    void drain();
    void count(const std::string& what, const std::string& who);
    template <typename Done>
    void server_away(ServerNumber number, base::Duration time, Done done);

    World& world_;
    const Witness& witness_;
    VirtualBroker& broker_;
    Servers& servers_;
    Services& services_;
    VoiceApp& app_;
    RoomBook& book_;
    base::SeededRandom random_;
    double per_hour_ = 0;
    bool clear_ = false;
    base::Instant calm_since_;
    std::set<ServerNumber> troubled_;
    size_t services_troubled_ = 0;
    bool broker_troubled_ = false;
    std::map<std::string, uint64_t> troubles_;
};

}  // namespace parley::sim
