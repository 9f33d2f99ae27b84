#include "controller/pipe_rules.h"

#include <algorithm>
#include <set>
#include <utility>

namespace parley::controller {

namespace {

using rooms::Lane;
using rooms::Router;

constexpr uint32_t kMostRanked = 16;   // as many as workers keep in order
constexpr size_t kMostAlways = 1'000;  // as many as workers take; with more, all cross

// What the listeners of a room in one worker need of the voices in another.
class Need {
public:
    Need(const House& house, const Room& room, WorkerIndex from)
        : house_(house), room_(room), from_(from) {}

    void add(const Member& listener) {
        if (!listener.can_hear()) return;
        if (listener.slots == 0) all_ = true;
        if (all_) return;
        uint32_t muted = 0;
        for (const std::string& id : listener.muted_peers) muted += speaker(id) != nullptr;
        loudest_ = std::max(loudest_, std::min(listener.slots + muted, kMostRanked));
        for (const std::string& id : listener.pinned_peers) {
            if (const Member* pinned = speaker(id)) always_.insert(pinned->csrc);
        }
    }

    PipeRule rule() const {
        if (all_ || always_.size() > kMostAlways) return {};
        return {static_cast<uint8_t>(loudest_), {always_.begin(), always_.end()}};
    }

private:
    const Member* speaker(const std::string& id) const {
        const Member* peer = house_.member(room_, id);
        return peer && peer->worker == from_ ? peer : nullptr;
    }

    const House& house_;
    const Room& room_;
    WorkerIndex from_;
    bool all_ = false;  // somebody hears each voice in a stream of its own
    uint32_t loudest_ = 0;
    std::set<uint32_t> always_;
};

Lane* lane(Room& room, WorkerIndex from, WorkerIndex to) {
    Router* router = room.router_in(from);
    if (!router) return nullptr;
    const auto found = router->lanes.find(to);
    return found == router->lanes.end() ? nullptr : &found->second;
}

void settle(Turn& turn, Room& room, Router& router, WorkerIndex to, Lane& lane) {
    Need need(turn.house, room, router.worker);
    for (const auto& [id, handle] : room.peers) {
        const Member& listener = *turn.house.members.find(handle);
        if (listener.worker == to) need.add(listener);
    }
    PipeRule rule = need.rule();
    if (lane.told && lane.rule == rule) return;
    const auto& pipe = turn.house.pipes.at(std::minmax(router.worker, to));
    turn.house.workers[router.worker].ask(workers::SetPipeRule{router.id, pipe.id, rule});
    lane.rule = std::move(rule);
    lane.told = true;
}

}  // namespace

void one_leaves(Turn& turn, Room& room, WorkerIndex from, WorkerIndex to) {
    Router* router = room.router_in(from);
    if (!router) return;
    ++router->lanes[to].streams;
    await_pipe_rules(turn, room);
}

void one_less_leaves(Turn& turn, Room& room, WorkerIndex from, WorkerIndex to) {
    Lane* known = lane(room, from, to);
    if (!known) return;
    if (--known->streams == 0) room.router_in(from)->lanes.erase(to);
    await_pipe_rules(turn, room);
}

void one_left_before(Turn& turn, Room& room, WorkerIndex from, WorkerIndex to) {
    one_leaves(turn, room, from, to);
    if (Lane* known = lane(room, from, to)) known->told = false;
}

void await_pipe_rules(Turn& turn, Room& room) {
    if (std::exchange(room.awaits_pipe_rules, true)) return;
    turn.house.await_pipe_rules.push_back(turn.house.room_by_id.find(room.id)->second);
}

void settle_pipe_rules(Turn& turn) {
    for (const auto handle : std::exchange(turn.house.await_pipe_rules, {})) {
        Room* room = turn.house.rooms.find(handle);
        if (!room) continue;
        room->awaits_pipe_rules = false;
        for (Router& router : room->routers) {
            for (auto& [to, lane] : router.lanes) settle(turn, *room, router, to, lane);
        }
    }
}

}  // namespace parley::controller
