#include "controller/spread.h"

#include <algorithm>
#include <vector>

#include "common/base/ensure.h"
#include "common/json/json.h"
#include "controller/crossing.h"
#include "controller/hearing.h"
#include "controller/loans.h"
#include "controller/membership.h"
#include "controller/placement.h"
#include "controller/room_life.h"
#include "controller/rooms/app_data.h"
#include "controller/speakers.h"

namespace parley::controller {

namespace {

using rooms::Router;
using workers::Pending;
using workers::Purpose;

constexpr uint16_t kLevelInterval = 250;  // ms: the ten levels a mean takes, and two lost
constexpr int8_t kLevelThreshold = -60;   // dBov
constexpr uint16_t kLevelEntries = 10;
constexpr uint16_t kSpeakerInterval = 300;    // ms
constexpr base::Duration kSpareRouter = 30s;  // people come back

base::Handle<Room> handle_of(const House& house, const Room& room) {
    return house.room_by_id.find(room.id)->second;
}

Router& open_router(Turn& turn, Room& room, WorkerIndex worker) {
    auto& link = turn.house.workers[worker];
    const auto handle = handle_of(turn.house, room);
    Router router;
    router.id = turn.new_id();
    router.worker = worker;
    router.empty_since = turn.now;
    router.reasons = reasons_for(turn.house, turn.now, room, worker);
    if (turn.house.is_lent(worker)) router.loan = link.loan();
    link.ask(workers::CreateRouter{router.id, rooms::write_app_data(room), room.trace},
             Pending{Purpose::Router, handle.index, handle.generation, router.id, 0});
    router.level_observer = observe(turn, link, router.id, workers::ObserverKind::AudioLevel);
    router.speaker_observer = observe(turn, link, router.id, workers::ObserverKind::ActiveSpeaker);
    turn.house.observers.insert(router.level_observer, handle);
    turn.house.observers.insert(router.speaker_observer, handle);
    room.routers.push_back(std::move(router));
    if (turn.house.is_lent(worker)) keep_app_data(turn, room);
    mind_loan(turn, worker);
    return room.routers.back();
}

// Takes the router out of every index.
void erase_router(Turn& turn, Room& room, WorkerIndex worker) {
    const Router* router = room.router_in(worker);
    turn.house.observers.erase(router->level_observer);
    turn.house.observers.erase(router->speaker_observer);
    room.routers.erase(room.routers.begin() + (router - room.routers.data()));
    await_spare_routers(turn, room);
    if (turn.house.is_lent(worker)) keep_app_data(turn, room);
    mind_loan(turn, worker);
}

// A room has one at least while a worker of ours runs: what we know of it after a crash of this
// controller, we know from there.
size_t routers_of_ours(const House& house, const Room& room) {
    const auto ours = [&](const Router& router) { return !house.is_lent(router.worker); };
    return static_cast<size_t>(std::count_if(room.routers.begin(), room.routers.end(), ours));
}

bool may_close(const House& house, const Room& room, const Router& router) {
    return router.peers == 0 && (house.is_lent(router.worker) || routers_of_ours(house, room) > 1);
}

std::vector<Member*> members_in(Turn& turn, const Room& room, WorkerIndex worker) {
    std::vector<Member*> members;
    for (const auto& [id, handle] : room.peers) {
        Member* member = turn.house.members.find(handle);
        if (member->worker == worker) members.push_back(member);
    }
    return members;
}

// All that the peer had in a worker that is gone, but its voices.
void lose_transports(Turn& turn, Room& room, Member& member) {
    forget_consumers(turn, room, member);
    for (const auto& [id, transport] : member.transports) {
        member.lost_transports.push_back(id);
        turn.house.forget_transport(id);
    }
    member.transports.clear();
}

}  // namespace

void move_in(Turn& turn, Room& room, Member& member, WorkerIndex worker) {
    ENSURE(!member.worker);
    Router* router = room.router_in(worker);
    if (!router) router = &open_router(turn, room, worker);
    ++router->peers;
    member.worker = worker;
    await_spare_routers(turn, room);
}

void move_out(Turn& turn, Room& room, Member& member) {
    if (!member.worker) return;
    Router* router = room.router_in(*member.worker);
    member.worker.reset();
    if (!router) return;  // closed before its peers
    if (--router->peers == 0) router->empty_since = turn.now;
    await_spare_routers(turn, room);
}

void tell_lost_transports(Turn& turn, Member& member) {
    if (!member.worker || member.session.awaits_client()) return;
    const std::vector<uint64_t> lost = std::exchange(member.lost_transports, {});
    if (lost.empty()) return;
    if (!member.session.numbered()) return remove_member(turn, member, Leaving::TransportsLost);
    JsonWriter data;
    data.object().text("reason", "the worker that carried them died");
    data.key("transportIds").array();
    for (const uint64_t id : lost) data.text(std::to_string(id));
    notify(turn, member, "transportsLost", data.end_array().end_object().take());
}

void carry(Turn& turn, Room& room) {
    const auto lightest = lightest_worker(turn.house, turn.now);
    if (!lightest) return;
    if (routers_of_ours(turn.house, room) == 0) open_router(turn, room, *lightest);
    const auto peers = room.peers;  // a peer that is not numbered leaves by what it is told
    for (const auto& [id, handle] : peers) {
        Member& member = *turn.house.members.find(handle);
        if (member.worker) continue;
        const auto place = place_for(turn.house, turn.now, room, member.rights).value_or(*lightest);
        promise_capacity(turn, room, member.rights, place);
        move_in(turn, room, member, place);
        tell_lost_transports(turn, member);
    }
}

void close_router(Turn& turn, Room& room, WorkerIndex worker) {
    turn.house.workers[worker].ask(workers::CloseRouter{room.router_in(worker)->id});
    erase_router(turn, room, worker);
}

void lose_router(Turn& turn, Room& room, WorkerIndex worker) {
    const std::vector<Member*> members = members_in(turn, room, worker);
    erase_router(turn, room, worker);
    for (Member* member : members) lose_transports(turn, room, *member);
    for (Member* member : members) {
        while (!member->producers.empty()) {
            forget_producer(turn, room, *member, member->producers.begin()->first);
        }
        forget_speaker(turn, room, *member);
        move_out(turn, room, *member);
    }
    settle_speakers(turn, room);
}

void on_router_answer(Turn& turn, WorkerIndex worker, const Pending& pending,
                      const workers::Reply& reply) {
    if (reply.refusal == workers::Refusal::None) return;
    Room* room = turn.house.rooms.find({pending.owner, pending.owner_generation});
    const Router* router = room ? room->router_in(worker) : nullptr;
    if (!router || router->id != pending.object) return;
    log(turn, Level::Error, "the worker refused the room: " + reply.reason, *room);
    if (room->routers.size() == 1) return shut_room(turn, *room, 4429, "capacity");
    for (Member* member : members_in(turn, *room, worker)) {
        remove_member(turn, *member, Leaving::NoCapacity);
    }
    close_router(turn, *room, worker);
}

void on_spare_routers(Turn& turn, base::Handle<Room> handle) {
    Room* room = turn.house.rooms.find(handle);
    if (!room) return;
    for (size_t i = room->routers.size(); i-- > 0;) {
        const Router& router = room->routers[i];
        if (may_close(turn.house, *room, router) && router.empty_since + kSpareRouter <= turn.now) {
            close_router(turn, *room, router.worker);
        }
    }
    await_spare_routers(turn, *room);
}

void await_spare_routers(Turn& turn, Room& room) {
    Instant due = Instant::never();
    for (const Router& router : room.routers) {
        if (!may_close(turn.house, room, router)) continue;
        due = std::min(due, router.empty_since + kSpareRouter);
    }
    const auto handle = handle_of(turn.house, room);
    turn.house.waits.set({Wait::For::Spare, handle.index, handle.generation}, due);
}

uint64_t observe(Turn& turn, workers::WorkerLink& link, uint64_t router,
                 workers::ObserverKind kind) {
    const uint64_t id = turn.new_id();
    if (kind == workers::ObserverKind::AudioLevel) {
        link.ask(
            workers::ObserveLevels{router, id, kLevelInterval, kLevelThreshold, kLevelEntries});
    } else {
        link.ask(workers::ObserveSpeaker{router, id, kSpeakerInterval});
    }
    return id;
}

}  // namespace parley::controller
