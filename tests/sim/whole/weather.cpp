#include "tests/sim/whole/weather.h"

#include <cmath>

namespace parley::sim {

namespace {

constexpr size_t kTroubledShare = 10;  // at most one server of so many at a time

}  // namespace

Weather::Weather(World& world, const Witness& witness, VirtualBroker& broker, Servers& servers,
                 Services& services, VoiceApp& app, RoomBook& book)
    : world_(world),
      witness_(witness),
      broker_(broker),
      servers_(servers),
      services_(services),
      app_(app),
      book_(book),
      random_(world.fork_random()),
      calm_since_(world.now()) {}

base::Duration Weather::draw(base::Duration least, base::Duration most) {
    // Many short ones, few long ones.
    const double share = random_.unit() * random_.unit();
    return least + base::Duration(
                       static_cast<int64_t>(static_cast<double>((most - least).count()) * share));
}

void Weather::begin(double troubles_per_hour) {
    per_hour_ = troubles_per_hour;
    if (per_hour_ > 0) next();
}

void Weather::next() {
    const double hours = -std::log(1 - random_.unit()) / per_hour_;
    world_.after(base::Duration(static_cast<int64_t>(hours * 3.6e9)), [this] {
        if (clear_) return;
        trouble();
        next();
    });
}

void Weather::on_second() {
    bool serves = broker_.is_up();
    bool one = false;
    for (const auto& service : services_) one = one || service->serves();
    if (!serves || !one) calm_since_ = world_.now();
}

void Weather::trouble() {
    const uint64_t kind = random_.below(100);
    if (kind < 70) return trouble_server();
    if (kind < 85) return trouble_service();
    if (kind < 87) return trouble_broker();
    drain();
}

void Weather::count(const std::string& what, const std::string& who) {
    ++troubles_[what];
    witness_.on_said(who, "", what);
}

template <typename Done>
void Weather::server_away(ServerNumber number, base::Duration time, Done done) {
    world_.after(time, [this, number, done] {
        witness_.on_said(servers_[number]->plan().id, "", "is back");
        done(*servers_[number]);
        troubled_.erase(number);
    });
}

void Weather::trouble_server() {
    if (troubled_.size() * kTroubledShare >= servers_.size()) return;
    const auto number = static_cast<ServerNumber>(random_.below(servers_.size()));
    if (!troubled_.insert(number).second) return;
    ServerProcess& server = *servers_[number];
    switch (random_.below(5)) {
        case 0:
            count("server died", server.plan().id);
            server.die();
            return server_away(number, draw(2s, 300s), [](ServerProcess& s) { s.start(); });
        case 1:
            count("controller died", server.plan().id);
            server.die_controller();
            return server_away(number, draw(500ms, 12s), [](ServerProcess& s) { s.start(); });
        case 2:
            count("server hung", server.plan().id);
            server.hang(true);
            return server_away(number, draw(500ms, 40s), [](ServerProcess& s) { s.hang(false); });
        default:
            count("server cut off", server.plan().id);
            server.cut(true);
            return server_away(number, draw(500ms, 90s), [](ServerProcess& s) { s.cut(false); });
    }
}

// One at a time: two that do nothing are no cluster.
void Weather::trouble_service() {
    if (services_troubled_ > 0) return;
    ++services_troubled_;
    book_.on_service_trouble();
    const uint64_t number = random_.below(services_.size());
    ServiceProcess& service = *services_[number];
    const std::string name = "router-service " + std::to_string(number + 1);
    const auto over = [this, name](auto mend) {
        return [this, name, mend] {
            witness_.on_said(name, "", "is back");
            mend();
            --services_troubled_;
            book_.on_service_trouble();
        };
    };
    switch (random_.below(4)) {
        case 0:
            count("router-service hung", name);
            service.hang(true);
            return world_.after(draw(500ms, 20s), over([&service] { service.hang(false); }));
        case 1:
            count("router-service cut off", name);
            service.cut(true);
            return world_.after(draw(500ms, 20s), over([&service] { service.cut(false); }));
        default:
            count("router-service died", name);
            service.die();
            return world_.after(draw(1s, 20s), over([&service] { service.start(); }));
    }
}

void Weather::trouble_broker() {
    if (broker_troubled_) return;
    broker_troubled_ = true;
    count("broker crashed", "broker");
    book_.on_service_trouble();
    broker_.crash();
    world_.after(draw(500ms, 15s), [this] {
        broker_.restart();
        broker_troubled_ = false;
        book_.on_service_trouble();
    });
}

void Weather::drain() {
    const auto number = static_cast<ServerNumber>(random_.below(servers_.size()));
    if (troubled_.contains(number)) return;
    troubled_.insert(number);
    const std::string id = servers_[number]->plan().id;
    const base::Duration deadline = std::chrono::seconds(20 + random_.below(280));
    const bool thinks_better = random_.below(4) == 0;
    count(thinks_better ? "drain undone" : "drained", id);
    const auto nothing = [](const cluster::Answer&) {};
    app_.ask(cluster::ServerDrain{id, deadline}, nothing);
    const base::Duration back = thinks_better ? deadline / 2 : deadline + 20s;
    world_.after(back, [this, id, number, nothing] {
        app_.ask(cluster::ServerUndrain{id}, nothing);
        troubled_.erase(number);
    });
}

}  // namespace parley::sim
