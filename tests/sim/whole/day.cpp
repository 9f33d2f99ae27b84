#include "tests/sim/whole/day.h"

#include <algorithm>

namespace parley::sim {

namespace {

constexpr uint32_t kRegions = 3;
// Servers that hear every other one: of each pair it would be a parsed beat, and these are all
// alike.
constexpr ServerNumber kHearOthers = 2;
constexpr double kBusiest = 0.55;          // of its capacity a server uses when everybody is there
constexpr double kPeoplePerRoom = 5.5;     // on average
constexpr base::Duration kQuiet = 2min;    // after everything was mended
constexpr base::Duration kSettled = 1min;  // a server that returned has its share of new rooms
constexpr int kInvariantsEvery = 60;       // seconds

double load_per_peer(const DayPlan& plan) {
    const double people = kPeoplePerRoom * plan.rooms / plan.servers;
    return (kBusiest * 0.85 - 0.02) / people;
}

class Day {
public:
    explicit Day(const DayPlan& plan);
    DayReport run();

private:
    void each_second();
    void on_second();
    void sample();
    void expect_order();
    DayReport report() const;

    DayPlan plan_;
    World world_;
    Witness witness_;
    VirtualBroker broker_;
    RoomBook book_;
    std::vector<std::unique_ptr<ServerProcess>> servers_;
    std::vector<std::unique_ptr<ServiceProcess>> services_;
    VoiceApp app_;
    Town town_;
    Weather weather_;
    uint64_t second_ = 0;
    std::vector<double> spreads_;  // max / mean, of each sample
    double loads_ = 0, most_load_ = 0;
    uint64_t samples_ = 0;
    std::string broken_;
};

Day::Day(const DayPlan& plan)
    : plan_(plan),
      world_(plan.seed),
      witness_(world_, plan.watch),
      broker_(world_),
      book_(world_),
      app_(world_, broker_, 1),
      town_(world_, {.rooms = plan.rooms, .regions = kRegions, .day = plan.length}, app_, book_,
            servers_),
      weather_(world_, witness_, broker_, servers_, services_, app_, book_) {
    for (uint32_t replica = 0; replica < 2; ++replica) {
        services_.push_back(
            std::make_unique<ServiceProcess>(world_, broker_, witness_, 2 + replica, plan.service));
    }
    for (ServerNumber number = 0; number < plan.servers; ++number) {
        ServerPlan server{.id = "server-" + std::to_string(number),
                          .region = "region-" + std::to_string(number % kRegions),
                          .most_rooms = 4 * plan.rooms / plan.servers,
                          .hears_others = number < kHearOthers,
                          .load_per_peer = load_per_peer(plan)};
        ServerProcess::Events events;
        events.on_opened = [this, number](const std::string& room, cluster::Epoch epoch) {
            witness_.on_said(servers_[number]->plan().id, room,
                             "OPEN here, epoch " + std::to_string(epoch));
            book_.on_opened(number, room_number(room), epoch);
        };
        events.on_closed = [this, number](const std::string& room, const std::string& reason) {
            witness_.on_said(servers_[number]->plan().id, room, "NOT here any more: " + reason);
            book_.on_closed(number, room_number(room), reason);
        };
        events.on_peer_out = [this, number](ServerProcess::ConnectionId peer, uint16_t code) {
            town_.on_peer_out(number, peer, code);
        };
        servers_.push_back(std::make_unique<ServerProcess>(world_, broker_, witness_, 10 + number,
                                                           std::move(server), std::move(events)));
    }
}

DayReport Day::run() {
    try {
        for (const auto& server : servers_) server->start();
        for (const auto& service : services_) service->start();
        world_.run_until(world_.now() + 8s);
        weather_.begin(plan_.troubles_per_hour);
        each_second();
        world_.run_until(world_.now() + plan_.length);
        weather_.clear_up();
        world_.run_until(world_.now() + 6min);  // the longest trouble
        town_.go_home();
        world_.run_until(world_.now() + kQuiet);
        expect_order();
    } catch (const LawBroken& law) {
        broken_ = law.what();
    }
    return report();
}

void Day::each_second() {
    world_.after(1s, [this] {
        on_second();
        each_second();
    });
}

void Day::on_second() {
    ++second_;
    weather_.on_second();
    town_.on_second();
    app_.on_second();
    book_.on_second(weather_.is_calm(),
                    [this](ServerNumber server) { return servers_[server]->well(); });
    if (second_ % kInvariantsEvery != 0) return;
    sample();
    for (const auto& service : services_) {
        if (service->core()) service->core()->ensure_invariants();
    }
    servers_[second_ / kInvariantsEvery % servers_.size()]->ensure_invariants();
}

void Day::sample() {
    double sum = 0, most = 0;
    size_t count = 0;
    for (const auto& server : servers_) {
        const double load = server->used() / server->capacity();
        if (server->runs() && load > 1) {
            world_.broken(server->plan().id + " is loaded over its capacity");
        }
        if (!server->takes_rooms() || server->up_for() < kSettled) continue;
        sum += load;
        most = std::max(most, load);
        ++count;
    }
    if (count == 0 || sum == 0) return;
    const double mean = sum / static_cast<double>(count);
    spreads_.push_back(most / mean);
    loads_ += mean;
    most_load_ = std::max(most_load_, most);
    ++samples_;
}

void Day::expect_order() {
    book_.expect_order();
    app_.expect_all_answered();
    size_t at_home = 0;
    for (const auto& server : servers_) at_home += server->rooms().size();
    if (at_home != book_.figures().open) {
        world_.broken("of " + std::to_string(book_.figures().open) + " open rooms " +
                      std::to_string(at_home) + " are there");
    }
    for (const auto& service : services_) {
        const router_service::Picture& picture = service->core()->picture();
        if (picture.rooms().size() - picture.homeless() != at_home) {
            world_.broken("a router-service knows of " + std::to_string(picture.rooms().size()) +
                          " rooms, and there are " + std::to_string(at_home));
        }
        if (picture.rooms().disputes() > 0) world_.broken("a dispute is not settled");
    }
    world_.run_until(world_.now() + 1us);  // throws what was said
}

DayReport Day::report() const {
    DayReport report{.broken = broken_,
                     .rooms = book_.figures(),
                     .app = app_.figures(),
                     .town = town_.figures(),
                     .troubles = weather_.troubles(),
                     .letters = broker_.letters(),
                     .events = world_.events(),
                     .hash = world_.trace_hash()};
    for (const auto& service : services_) {
        for (const auto* counts :
             {&service->counts_before(), service->core() ? &service->core()->counts() : nullptr}) {
            if (counts == nullptr) continue;
            report.services.beats += counts->beats;
            report.services.assignments += counts->assignments;
            report.services.moves += counts->moves;
            report.services.second_tries += counts->second_tries;
            report.services.no_capacity += counts->no_capacity;
            report.services.releases += counts->releases;
        }
    }
    if (spreads_.empty()) return report;
    std::vector<double> spreads = spreads_;
    std::ranges::sort(spreads);
    report.max_over_mean = spreads[spreads.size() / 2];
    report.worst_max_over_mean = spreads.back();
    report.mean_load = loads_ / static_cast<double>(samples_);
    report.most_load = most_load_;
    return report;
}

}  // namespace

DayReport live_a_day(const DayPlan& plan) {
    return Day(plan).run();
}

}  // namespace parley::sim
