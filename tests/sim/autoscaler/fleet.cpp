#include "tests/sim/autoscaler/fleet.h"

#include <algorithm>
#include <cmath>

namespace parley::sim {

namespace {

using cluster::ServerState;
using namespace router_service;

constexpr double kCapacity = 3.4;  // four workers, less the head-room they keep
constexpr double kIdle = 0.02;
constexpr double kPerPerson = 0.004;
constexpr uint32_t kPeopleMost = 24;       // in a room; half of it on average
constexpr double kMeanCall = 20 * 60;      // seconds
constexpr Duration kStart = 8s;            // of a pod, until it takes rooms
constexpr Duration kPodDrain = 50min;      // preStop
constexpr Duration kServiceRestart = 10s;  // until it has heard everybody

std::string room_id(uint64_t number) {
    return "room-" + std::to_string(number);
}

uint64_t room_number(const std::string& id) {
    return std::stoull(id.substr(5));
}

}  // namespace

Fleet::Fleet(const FleetPlan& plan)
    : plan_(plan),
      random_(plan.seed),
      begin_(Instant::from_micros(1'800'000'000'000'000)),
      now_(begin_),
      kubernetes_({}, plan.regions, random_),
      picture_(std::make_unique<Picture>(plan.seed)),
      scale_(std::make_unique<Scale>(plan.scale)),
      surplus_(std::make_unique<Surplus>(plan.surplus)),
      costs_(std::make_unique<DeletionCosts>()),
      whole_at_(now_ + 3s) {}

FleetReport Fleet::run() {
    while (now_ < begin_ + plan_.length) step();
    return report_;
}

void Fleet::step() {
    now_ += 1s;
    operate();
    come_and_go();
    beat();
    picture_->on_deadline(now_);
    rehome_lost();
    decide();
    follow_pods();
    measure();
}

bool Fleet::up(Duration at, Duration length) const {
    return now_ >= begin_ + at && now_ < begin_ + at + length;
}

// What happens to the fleet that nobody in it wished for.
void Fleet::operate() {
    const bool lost = up(plan_.region_lost_at, plan_.region_lost_for);
    kubernetes_.lose_region(lost ? std::optional(0u) : std::nullopt);
    for (auto& [id, server] : servers_) {
        const bool reachable = kubernetes_.pods().at(id).reachable;
        if (reachable && !server.reachable) server.tell_all = true;
        server.reachable = reachable;
    }
    if (now_ == begin_ + plan_.restarts_at) {
        picture_ = std::make_unique<Picture>(plan_.seed);
        scale_ = std::make_unique<Scale>(plan_.scale);
        surplus_ = std::make_unique<Surplus>(plan_.surplus);
        whole_at_ = now_ + kServiceRestart;
        for (auto& [id, server] : servers_) server.tell_all = true;
    }
    if (now_ == begin_ + plan_.rolled_out_at) kubernetes_.roll_out();
    if (now_ == begin_ + plan_.maintenance_at && !servers_.empty()) {
        maintained_ = servers_.begin()->first;
        drain(servers_.begin()->second, {});
    }
    if (now_ == begin_ + plan_.maintenance_at + plan_.maintenance_for) {
        const auto found = servers_.find(maintained_);
        if (found != servers_.end() && !found->second.leaving)
            found->second.state = ServerState::Up;
    }
}

// Calls end by themselves; others begin, so many that as many people are there as want to be.
void Fleet::come_and_go() {
    while (!ends_.empty() && ends_.begin()->first <= now_) {
        const RoomNumber number = ends_.begin()->second;
        ends_.erase(ends_.begin());
        const auto found = rooms_.find(number);
        const Room room = found->second;
        if (room.home.empty()) {
            waiting_people_ -= room.people;
        } else {
            leave(servers_.at(room.home), number);
        }
        rooms_.erase(found);
    }
    for (size_t left = waiting_.size(); left > 0; --left) {
        const RoomNumber number = waiting_.front();
        waiting_.pop_front();
        const auto room = rooms_.find(number);
        if (room == rooms_.end() || !room->second.home.empty()) continue;
        waiting_people_ -= room->second.people;
        if (!place(number, room->second)) break;
    }
    const double wanted = plan_.demand.people(now_ - begin_);
    const double missing = wanted - people_ - waiting_people_;
    // Who hangs up is followed by others, and a crowd comes over some seconds.
    arrivals_due_ = std::max(0.0, missing / (kPeopleMost + 1) * 2);
    auto arrivals = static_cast<uint64_t>(arrivals_due_);
    if (random_.unit() < arrivals_due_ - static_cast<double>(arrivals)) ++arrivals;
    for (; arrivals > 0; --arrivals) {
        const RoomNumber number = ++last_room_;
        const double lasts = -std::log(1 - random_.unit()) * kMeanCall;
        const Instant ends = now_ + 1s + Duration(static_cast<int64_t>(lasts * 1e6));
        const auto people = static_cast<uint32_t>(1 + random_.below(kPeopleMost));
        Room& room = rooms_[number] = {.people = people, .ends = ends, .home = {}};
        ends_.emplace(ends, number);
        ++report_.calls;
        if (!place(number, room)) ++report_.turned_away;
    }
}

cluster::RoomReport Fleet::report_of(RoomNumber number) const {
    cluster::RoomReport report{
        .room = room_id(number), .epoch = 1, .created = begin_, .options = {}};
    report.peers = rooms_.at(number).people;
    return report;
}

// By the real placement; a server refuses what it cannot carry.
Fleet::Servers::iterator Fleet::find_home(const Room& room) {
    if (now_ < whole_at_) return servers_.end();
    const Decision decision =
        choose_home(picture_->servers(), {.policy = plan_.policy}, {}, random_);
    if (!decision.server) return servers_.end();
    const auto home = servers_.find(picture_->servers()[*decision.server].id);
    if (home == servers_.end()) return home;
    const Server& server = home->second;
    const bool fits = kIdle + kPerPerson * (server.people + room.people) <= kCapacity;
    const bool takes = server.reachable && server.state == ServerState::Up && fits;
    return takes ? home : servers_.end();
}

// False: it waits.
bool Fleet::place(RoomNumber number, Room& room) {
    const auto home = find_home(room);
    if (home == servers_.end()) {
        waiting_people_ += room.people;
        waiting_.push_back(number);
        return false;
    }
    room.home = home->first;
    home->second.rooms.insert(number);
    home->second.opened.push_back(number);
    home->second.people += room.people;
    people_ += room.people;
    const ServerIndex at = picture_->servers().find(home->first).value();
    picture_->on_placed(now_, at, room_id(number), room.people);
    picture_->on_opened(now_, at, report_of(number));
    return true;
}

void Fleet::leave(Server& server, RoomNumber number) {
    server.rooms.erase(number);
    std::erase(server.opened, number);
    server.closed.push_back(number);
    server.people -= rooms_.at(number).people;
    people_ -= rooms_.at(number).people;
}

// All that it has looks for another home.
void Fleet::give_up(Server& server) {
    for (const RoomNumber number : std::set<RoomNumber>(server.rooms)) {
        leave(server, number);
        Room& room = rooms_.at(number);
        room.home.clear();
        waiting_people_ += room.people;
        waiting_.push_back(number);
    }
}

void Fleet::drain(Server& server, std::optional<Duration> deadline) {
    if (server.state == ServerState::Up) server.state = ServerState::Draining;
    server.drain_by = deadline ? now_ + *deadline : Instant::never();
}

void Fleet::beat() {
    for (auto& [id, server] : servers_) {
        if (!server.reachable || now_ < server.up_at) continue;
        if (server.state != ServerState::Up) {
            move_on(server);
            server.state = server.rooms.empty() ? ServerState::Drained : ServerState::Draining;
        }
        cluster::Beat beat;
        beat.server = id;
        beat.incarnation = server.incarnation;
        beat.number = ++server.beats;
        beat.state = server.state;
        beat.leaving = server.leaving;
        beat.load = {.capacity = kCapacity,
                     .used = kIdle + kPerPerson * server.people,
                     .per_peer = kPerPerson,
                     .workers = 4,
                     .peers = server.people};
        beat.whole = server.tell_all;
        if (server.drain_by > now_ && !server.drain_by.is_never()) {
            beat.drain_left = server.drain_by - now_;
        }
        if (beat.whole) server.opened.assign(server.rooms.begin(), server.rooms.end());
        for (const RoomNumber room : server.opened) beat.rooms.push_back(report_of(room));
        if (!beat.whole) {
            for (const RoomNumber room : server.closed) beat.closed.push_back(room_id(room));
        }
        server.opened.clear();
        server.closed.clear();
        server.tell_all = picture_->on_beat(now_, beat).ask_for_whole;
    }
}

// At an even pace until the deadline, as the router-service does it.
void Fleet::move_on(Server& server) {
    if (server.drain_by.is_never() || server.rooms.empty()) return;
    const double left = std::max(1.0, static_cast<double>((server.drain_by - now_) / 1s));
    server.moves_due += static_cast<double>(server.rooms.size()) / left;
    for (; server.moves_due >= 1 && !server.rooms.empty(); --server.moves_due) {
        const RoomNumber number = *server.rooms.begin();
        Room& room = rooms_.at(number);
        leave(server, number);
        if (!place(number, room)) room.home.clear();
        ++report_.moved_by_scaling;
    }
}

// A lost region's people come again.
void Fleet::rehome_lost() {
    for (std::string id = picture_->next_homeless(); !id.empty(); id = picture_->next_homeless()) {
        const auto room = rooms_.find(room_number(id));
        if (room == rooms_.end() || room->second.home.empty()) continue;
        Server& before = servers_.at(room->second.home);
        if (before.reachable) continue;
        ++report_.cut_by_region;
        leave(before, room->first);
        room->second.home.clear();
        place(room->first, room->second);
    }
}

void Fleet::decide() {
    if (now_ < whole_at_) return kubernetes_.on_second(now_, std::nullopt);
    scale_->on_sample(now_, sample_of(*picture_));
    for (const Surplus::Wish& wish : surplus_->on_sample(now_, scale_->signal(), *picture_)) {
        const auto found = servers_.find(wish.server);
        if (found == servers_.end() || !found->second.reachable || found->second.leaving) continue;
        ++(wish.drain ? report_.drains : report_.undrains);
        if (wish.drain) {
            drain(found->second, plan_.surplus.deadline);
        } else {
            found->second.state = ServerState::Up;
            found->second.drain_by = Instant::never();
        }
    }
    for (const auto& change : costs_->on_sample(now_, *picture_, 10)) {
        const auto pod = kubernetes_.pods().find(change.server);
        if (pod != kubernetes_.pods().end()) pod->second.deletion_cost = change.cost;
        costs_->on_told(now_, change.server, change.cost, true);
    }
    kubernetes_.on_second(now_, scale_->signal().wanted);
}

// Servers come and go with their pods. The end of one drains it first.
void Fleet::follow_pods() {
    std::vector<std::string> ended;
    for (auto& [name, pod] : kubernetes_.pods()) {
        auto server = servers_.find(name);
        if (server == servers_.end()) {
            if (pod.phase == Kubernetes::Phase::Pending || !pod.reachable) continue;
            server = servers_.emplace(name, Server{.up_at = now_ + kStart}).first;
            server->second.incarnation = static_cast<uint64_t>(now_.micros());
        }
        Server& one = server->second;
        pod.ready = pod.reachable && now_ >= one.up_at && one.state == ServerState::Up;
        if (pod.phase != Kubernetes::Phase::Terminating || !pod.reachable) continue;
        if (!std::exchange(one.leaving, true)) drain(one, kPodDrain);
        const bool over = one.state == ServerState::Drained || one.drain_by <= now_;
        if (over || now_ < one.up_at) ended.push_back(name);
    }
    for (const std::string& name : ended) {
        Server& server = servers_.at(name);
        report_.cut_by_scaling += server.rooms.size();
        give_up(server);
        servers_.erase(name);
        kubernetes_.on_ended(name);
    }
}

void Fleet::measure() {
    uint32_t taking = 0;
    for (const auto& [id, server] : servers_) {
        const bool takes = server.reachable && server.state == ServerState::Up;
        taking += takes && now_ >= server.up_at ? 1 : 0;
    }
    const double demand = kPerPerson * plan_.demand.people(now_ - begin_);
    const bool settled = now_ - begin_ > 10min;
    shortage_ = settled && demand > taking * kCapacity ? shortage_ + 1s : Duration(0);
    report_.longest_shortage = std::max(report_.longest_shortage, shortage_);
    report_.most_servers = std::max(report_.most_servers, taking);
    const double each = kCapacity * plan_.scale.target;
    report_.server_hours += static_cast<double>(kubernetes_.pods().size()) / 3600;
    report_.ideal_hours += std::max(double(plan_.scale.least), std::ceil(demand / each)) / 3600;
    const uint32_t replicas = kubernetes_.replicas();
    const int step = replicas > replicas_before_ ? 1 : replicas < replicas_before_ ? -1 : 0;
    if (step != 0 && direction_ != 0 && step != direction_) ++report_.turns;
    if (step != 0) direction_ = step;
    replicas_before_ = replicas;
    report_.hash = report_.hash * 1099511628211u + replicas + taking * 1000u +
                   static_cast<uint64_t>(people_) * 1'000'000u;
}

}  // namespace parley::sim
