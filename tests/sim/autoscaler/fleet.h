#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "router-service/deletion_cost.h"
#include "router-service/picture.h"
#include "router-service/placement.h"
#include "router-service/scale.h"
#include "router-service/surplus.h"
#include "tests/sim/autoscaler/demand.h"
#include "tests/sim/autoscaler/kubernetes.h"

namespace parley::sim {

// What goes wrong in the day of a fleet.
struct FleetPlan {
    uint64_t seed = 1;
    Demand demand = {};
    Duration length = 24h;
    uint32_t regions = 3;
    router_service::ScaleRules scale = {.warm_up = 2min, .least = 2};
    router_service::SurplusRules surplus = {.drains = true};
    router_service::Policy policy = router_service::Policy::Pack;
    Duration region_lost_at = 20h, region_lost_for = 25min;
    Duration restarts_at = 16h;    // of the router-service, both replicas: it knows nothing then
    Duration rolled_out_at = 12h;  // a new version
    Duration maintenance_at = 10h, maintenance_for = 1h;  // somebody drains a server, by hand
};

struct FleetReport {
    uint64_t calls = 0, turned_away = 0;  // people who had to ask again
    uint64_t cut_by_scaling = 0;          // calls whose server ended under them
    uint64_t moved_by_scaling = 0;        // that a drain's deadline moved
    uint64_t cut_by_region = 0;
    uint32_t turns = 0;  // changes of direction of the number of servers
    uint32_t most_servers = 0;
    Duration longest_shortage{};  // in one piece: more people than the servers carry
    double server_hours = 0, ideal_hours = 0;
    uint64_t drains = 0, undrains = 0;
    uint64_t hash = 0;
};

// The servers of a day, and the calls on them, under the real picture, placement, scale and surplus
// of the router-service, and a model of Kubernetes. A step is a second.
class Fleet {
public:
    explicit Fleet(const FleetPlan& plan);
    FleetReport run();

private:
    using RoomNumber = uint64_t;
    struct Room {
        uint32_t people;
        Instant ends;
        std::string home;  // "": none yet
    };
    struct Server {
        Instant up_at;
        cluster::ServerState state = cluster::ServerState::Up;
        Instant drain_by = Instant::never();
        bool leaving = false;
        bool reachable = true;
        uint64_t incarnation = 0, beats = 0;
        bool tell_all = true;  // in the next beat
        uint32_t people = 0;
        std::set<RoomNumber> rooms{};
        std::vector<RoomNumber> opened{}, closed{};  // since the last beat
        double moves_due = 0;
    };

    using Servers = std::map<std::string, Server>;

    void step();
    void follow_pods();
    void come_and_go();
    void beat();
    void decide();
    void move_on(Server& server);
    void operate();
    Servers::iterator find_home(const Room& room);
    bool place(RoomNumber number, Room& room);
    void leave(Server& server, RoomNumber number);
    void give_up(Server& server);
    void drain(Server& server, std::optional<Duration> deadline);
    void rehome_lost();
    void measure();
    bool up(Duration at, Duration length) const;
    cluster::RoomReport report_of(RoomNumber number) const;

    FleetPlan plan_;
    base::SeededRandom random_;
    Instant begin_, now_;
    Kubernetes kubernetes_;
    std::unique_ptr<router_service::Picture> picture_;
    std::unique_ptr<router_service::Scale> scale_;
    std::unique_ptr<router_service::Surplus> surplus_;
    std::unique_ptr<router_service::DeletionCosts> costs_;
    Instant whole_at_;  // the router-service knows enough to answer
    Servers servers_;
    std::map<RoomNumber, Room> rooms_;
    std::multimap<Instant, RoomNumber> ends_;
    std::deque<RoomNumber> waiting_;  // for a server with room
    RoomNumber last_room_ = 0;
    double people_ = 0, waiting_people_ = 0, arrivals_due_ = 0;
    std::string maintained_;
    Duration shortage_{};
    uint32_t replicas_before_ = 0;
    int direction_ = 0;
    FleetReport report_;
};

}  // namespace parley::sim
