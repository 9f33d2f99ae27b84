#include "tests/sim/whole/town.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "common/json/json.h"

namespace parley::sim {

namespace {

constexpr uint32_t kPeopleMost = 40;     // in a room
constexpr double kOneMore = 0.83;        // that another comes to a room: five and a bit, on average
constexpr base::Duration kComing = 40s;  // in which a room fills
constexpr double kCrowdAt = 0.55;        // of the day
constexpr int kTriesMost = 8;

}  // namespace

Town::Town(World& world, TownPlan plan, VoiceApp& app, RoomBook& book, Servers& servers)
    : world_(world),
      plan_(plan),
      app_(app),
      book_(book),
      servers_(servers),
      random_(world.fork_random()),
      begin_(world.now()) {
    book_.on_end = [this](RoomNumber room) { disperse(room); };
}

double Town::wanted_rooms() const {
    const double day = static_cast<double>((world_.now() - begin_).count()) /
                       static_cast<double>(plan_.day.count());
    return plan_.rooms * (0.65 - 0.35 * std::cos(2 * std::numbers::pi * std::min(day, 1.0)));
}

void Town::on_second() {
    if (quiet_) return;
    const double missing = wanted_rooms() - static_cast<double>(book_.figures().open);
    auto count = static_cast<int>(std::clamp(missing / 20, 0.0, 200.0));
    count += missing > 0 && random_.below(20) < static_cast<uint64_t>(missing) ? 1 : 0;
    for (int room = 0; room < count; ++room) create_room();
    ask_something();
    const bool due = world_.now() - begin_ > plan_.day * kCrowdAt;
    if (due && !std::exchange(crowd_came_, true)) crowd();
}

void Town::create_room() {
    const RoomNumber room = book_.ask();
    cluster::RoomOptions options;
    options.metadata = std::to_string(room);
    if (random_.below(5) != 0) {
        options.region = "region-" + std::to_string(random_.below(plan_.regions));
    }
    if (random_.below(50) == 0) options.anti_affinity = "pair-" + std::to_string(room / 50);
    const base::Duration mean = std::clamp<base::Duration>(plan_.day / 16, 60s, 1h);
    const double drawn = -std::log(1 - random_.unit()) * static_cast<double>(mean.count());
    Gathering gathering{.life = base::Duration(static_cast<int64_t>(drawn)), .size = 1};
    while (gathering.size < kPeopleMost && random_.unit() < kOneMore) ++gathering.size;
    options_.push_back(std::move(options));
    gatherings_.push_back(std::move(gathering));
    ask_for(room);
    // Impatient apps ask twice.
    if (random_.below(10) == 0) world_.after(draw(3s), [this, room] { ask_for(room); });
}

void Town::ask_for(RoomNumber room) {
    if (gatherings_[room].over) return;
    app_.ask(cluster::RoomCreate{room_name(room), options_[room]},
             [this, room](const cluster::Answer& answer) { on_created(room, answer); });
}

void Town::on_created(RoomNumber room, const cluster::Answer& answer) {
    Gathering& gathering = gatherings_[room];
    if (answer.refusal) {
        const bool known = book_[room].fate != RoomBook::Fate::Asked || gathering.over;
        if (known || quiet_) return;
        if (++gathering.tries > kTriesMost) {
            ++figures_.given_up;
            gathering.over = true;
            return;
        }
        return world_.after(1s + draw(4s), [this, room] { ask_for(room); });
    }
    const auto data = JsonDocument::parse(answer.data);
    if (!data || data->root()["room"].text() != room_name(room)) {
        return world_.broken(room_name(room) + " was answered with " + answer.data);
    }
    if (book_[room].fate != RoomBook::Fate::Asked) return;
    book_.on_promised(room);
    fill(room);
}

void Town::fill(RoomNumber room) {
    Gathering& gathering = gatherings_[room];
    for (uint32_t guest = 0; guest < gathering.size; ++guest) invite(room, kComing);
    world_.after(kComing + gathering.life, [this, room] { finish(room); });
}

void Town::invite(RoomNumber room, base::Duration within) {
    if (free_.empty()) {
        free_.push_back(static_cast<Person>(people_.size()));
        people_.emplace_back();
    }
    const Person person = free_.back();
    free_.pop_back();
    const uint64_t visit = ++figures_.visits;
    people_[person] = {.room = room, .visit = visit};
    gatherings_[room].people.push_back(person);
    world_.after(draw(within), [this, person, visit] { look_for_room(person, visit); });
}

void Town::look_for_room(Person person, uint64_t visit) {
    Visitor& visitor = people_[person];
    if (visitor.visit != visit || visitor.peer != 0) return;
    if (visitor.leaves) return free(person);
    const RoomBook::Home* best = nullptr;
    for (const RoomBook::Home& home : book_[visitor.room].homes) {
        const bool better = best == nullptr || home.epoch > best->epoch;
        if (servers_[home.server]->runs() && better) best = &home;
    }
    if (best == nullptr) return look_again(person, 500ms);
    visitor.server = best->server;
    ServerProcess& server = *servers_[visitor.server];
    const auto peer = server.admit(room_name(visitor.room), "v" + std::to_string(visit));
    if (!server.has(peer)) return look_again(person, 1s);
    visitor.peer = peer;
    there_[{visitor.server, peer}] = person;
}

void Town::look_again(Person person, base::Duration after) {
    world_.after(after + draw(after),
                 [this, person, visit = people_[person].visit] { look_for_room(person, visit); });
}

void Town::on_peer_out(ServerNumber server, ServerProcess::ConnectionId peer, uint16_t) {
    const auto found = there_.find({server, peer});
    if (found == there_.end()) return;
    const Person person = found->second;
    there_.erase(found);
    ++figures_.put_out;
    people_[person].peer = 0;
    look_again(person, 200ms);
}

void Town::leave(Person person, uint64_t visit) {
    Visitor& visitor = people_[person];
    if (visitor.visit != visit) return;
    visitor.leaves = true;
    if (visitor.peer == 0) return;
    // Whoever stands still does not see anybody go.
    ServerProcess& server = *servers_[visitor.server];
    if (!server.runs()) return world_.after(1s, [this, person, visit] { leave(person, visit); });
    there_.erase({visitor.server, visitor.peer});
    const auto peer = visitor.peer;
    const ServerNumber where = visitor.server;
    free(person);
    servers_[where]->leave(peer);
}

void Town::free(Person person) {
    Visitor& visitor = people_[person];
    std::erase(gatherings_[visitor.room].people, person);
    if (visitor.peer != 0) there_.erase({visitor.server, visitor.peer});
    visitor = {};
    free_.push_back(person);
}

// Everybody leaves; then the app closes the room, or forgets to.
void Town::finish(RoomNumber room) {
    Gathering& gathering = gatherings_[room];
    if (std::exchange(gathering.over, true)) return;
    for (const Person person : gathering.people) {
        world_.after(draw(5s),
                     [this, person, visit = people_[person].visit] { leave(person, visit); });
    }
    if (random_.below(10) < 3) return;
    world_.after(draw(8s), [this, room] {
        app_.ask(cluster::RoomClose{room_name(room)}, [this, room](const cluster::Answer& answer) {
            if (!answer.refusal || answer.refusal->code == 404) book_.on_ended(room);
        });
    });
}

void Town::disperse(RoomNumber room) {
    gatherings_[room].over = true;
    for (const Person person : std::vector<Person>(gatherings_[room].people)) {
        world_.after(draw(100ms),
                     [this, person, visit = people_[person].visit] { leave(person, visit); });
    }
}

void Town::ask_something() {
    if (book_.size() == 0) return;
    const auto nothing = [](const cluster::Answer&) {};
    const auto recent = static_cast<RoomNumber>(std::min<size_t>(book_.size(), plan_.rooms));
    const auto room = static_cast<RoomNumber>(book_.size() - 1 - random_.below(recent));
    const std::string name = room_name(room);
    switch (random_.below(40)) {
        case 0: return app_.ask(cluster::ServerList{}, nothing);
        case 1: return app_.ask(cluster::RoomList{name, 50}, nothing);
        case 2: return app_.ask(cluster::RoomWhy{name}, nothing);
        case 3: return app_.ask(cluster::PeerKick{name, "nobody", ""}, nothing);
        case 4:
        case 5: return app_.ask(cluster::PeerAdd{.room = name, .peer = "ada", .name = {}}, nothing);
        default: break;
    }
    app_.ask(cluster::RoomGet{name}, [this, room](const cluster::Answer& answer) {
        const bool denied = answer.refusal && answer.refusal->code == 404;
        const bool there = book_[room].fate == RoomBook::Fate::Open && !book_[room].homes.empty();
        if (denied && there) ++figures_.denied;
    });
}

// A tenth as many rooms again within a second, and ten more people in every twentieth.
void Town::crowd() {
    for (uint32_t room = 0; room < plan_.rooms / 10; ++room) create_room();
    for (RoomNumber room = 0; room < book_.size(); ++room) {
        if (book_[room].fate != RoomBook::Fate::Open || random_.below(20) != 0) continue;
        if (gatherings_[room].over) continue;
        for (int guest = 0; guest < 10; ++guest) invite(room, 20s);
    }
}

}  // namespace parley::sim
