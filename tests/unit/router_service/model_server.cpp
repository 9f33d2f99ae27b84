#include "tests/unit/router_service/model_server.h"

#include <doctest/doctest.h>

#include "common/cluster/codec.h"
#include "common/cluster/names.h"
#include "common/json/json.h"

namespace parley::test {

ModelServer::ModelServer(std::string id, Clock& clock, ModelBroker& broker, base::Random& random)
    : id_(std::move(id)), clock_(clock), broker_(broker), random_(random) {
    broker_.serve(id_, [this](const cluster::Delivery& delivery) { return on_delivery(delivery); });
}

void ModelServer::start() {
    up_ = true;
    hangs_ = false;
    ++life_;
    number_ = 0;
    whole_ = true;
    changed_.clear();
    closed_.clear();
    link_ = broker_.connect({});
    clock_.after(Duration(random_.below(1'000'000)), [this, life = life_] { beat(life); });
    broker_.wake(id_);
}

void ModelServer::die(bool rooms_survive) {
    up_ = false;
    broker_.cut(link_);
    if (!rooms_survive) rooms_.clear();
    released_.clear();
    given_up_.clear();
}

void ModelServer::resume() {
    hangs_ = false;
    broker_.wake(id_);
}

void ModelServer::drain() {
    state_ = cluster::ServerState::Drained;
    for (const auto& [name, room] : rooms_) given_up_.insert(name);
    rooms_.clear();
}

void ModelServer::drain_within(Duration time) {
    state_ = cluster::ServerState::Draining;
    drain_at_ = clock_.now() + time;
}

void ModelServer::beat(uint64_t life) {
    if (!up_ || life != life_) return;
    clock_.after(1s, [this, life] { beat(life); });
    if (hangs_) return;
    cluster::Beat beat;
    beat.server = id_;
    beat.incarnation = life_;
    beat.number = ++number_;
    beat.signalling = "wss://" + id_;
    beat.link = "ws://" + id_;
    beat.load = {.capacity = capacity,
                 .used = static_cast<double>(rooms_.size()) * 0.01,
                 .per_peer = 0.01,
                 .workers = 4};
    beat.state = state_;
    if (drain_at_ > clock_.now() && !drain_at_.is_never())
        beat.drain_left = drain_at_ - clock_.now();
    beat.whole = whole_;
    for (const auto& [name, room] : rooms_) {
        if (whole_ || changed_.contains(name)) beat.rooms.push_back(room);
    }
    if (!whole_) beat.closed.assign(closed_.begin(), closed_.end());
    beat.released.assign(given_up_.begin(), given_up_.end());
    whole_ = false;
    changed_.clear();
    closed_.clear();
    // Now and then one is lost.
    if (number_ > 1 && random_.below(40) == 0) return;
    broker_.publish(link_, {.exchange = std::string(cluster::kLoad),
                            .key = cluster::load_key(id_),
                            .body = cluster::write(beat)});
}

bool ModelServer::on_delivery(const cluster::Delivery& delivery) {
    if (!is_up()) return false;
    const auto command = cluster::parse_command(delivery.body, cluster::Origin::Service);
    REQUIRE(command);
    last_traceparent = delivery.traceparent;
    const cluster::Answer answer = on_command(*command);
    if (!delivery.reply_to.empty()) {
        broker_.publish(link_, {.exchange = {},
                                .key = delivery.reply_to,
                                .body = cluster::write(answer),
                                .correlation_id = delivery.correlation_id});
    }
    return true;
}

cluster::Answer ModelServer::on_command(const cluster::Command& command) {
    if (const auto* asked = std::get_if<cluster::RoomOpen>(&command)) return open(*asked);
    if (const auto* get = std::get_if<cluster::RoomGet>(&command)) {
        const auto room = rooms_.find(get->room);
        if (room != rooms_.end()) return place(room->second);
        return {cluster::Refusal{404, "no such room"}, "null"};
    }
    if (const auto* close = std::get_if<cluster::RoomClose>(&command)) {
        if (rooms_.erase(close->room) == 0) return {cluster::Refusal{404, "no such room"}, "null"};
        closed_.insert(close->room);
        return {};
    }
    if (const auto* release = std::get_if<cluster::RoomRelease>(&command)) {
        cluster::Epoch& known = released_[release->room];
        known = std::max(known, release->epoch);
        const auto room = rooms_.find(release->room);
        if (room == rooms_.end() || room->second.epoch >= release->epoch) return {};
        rooms_.erase(room);
        (release->closed ? closed_ : given_up_).insert(release->room);
        return {};
    }
    if (std::holds_alternative<cluster::RoomWhy>(command))
        return {{}, R"({"workers":[{"worker":2}]})"};
    if (std::holds_alternative<cluster::BeatWanted>(command)) whole_ = true;
    return {};
}

cluster::Answer ModelServer::open(const cluster::RoomOpen& asked) {
    if (released_.contains(asked.room) && released_[asked.room] > asked.epoch) {
        return {cluster::Refusal{409, "a higher epoch is known"}, "null"};
    }
    const auto known = rooms_.find(asked.room);
    if (known != rooms_.end() && known->second.epoch >= asked.epoch) return place(known->second);
    if (epochs) {
        const auto [first, is_new] = epochs->try_emplace({asked.room, asked.epoch}, id_);
        CHECK_MESSAGE(first->second == id_, "two homes of one epoch");
    }
    rooms_[asked.room] = {.room = asked.room,
                          .epoch = asked.epoch,
                          .peers = peers_in_each,
                          .created = clock_.now(),
                          .options = asked.options};
    changed_.insert(asked.room);
    closed_.erase(asked.room);
    given_up_.erase(asked.room);
    return place(rooms_[asked.room]);
}

cluster::Answer ModelServer::place(const cluster::RoomReport& room) const {
    JsonWriter json;
    cluster::write(json, cluster::RoomPlace{.room = room.room,
                                            .home = id_,
                                            .epoch = room.epoch,
                                            .signalling = "wss://" + id_,
                                            .peers = room.peers,
                                            .created = room.created,
                                            .options = room.options});
    return {std::nullopt, json.take()};
}

}  // namespace parley::test
