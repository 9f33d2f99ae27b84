#include "controller/room_life.h"

#include "common/cluster/trace.h"
#include "controller/hearing.h"
#include "controller/membership.h"
#include "controller/placement.h"
#include "controller/rooms/app_data.h"
#include "controller/spread.h"

namespace parley::controller {

Result<Room*> open_room(Turn& turn, std::string_view id, const RoomOptions& options,
                        cluster::Epoch epoch, std::string_view trace) {
    House& house = turn.house;
    if (house.room_by_id.size() >= house.options.max_rooms) {
        return base::Err{Error{ErrorCode::Limit, "as many rooms as are allowed"}};
    }
    const auto worker = lightest_worker(house, turn.now);
    if (!worker) return base::Err{Error{ErrorCode::Unavailable, "no worker runs"}};
    if (house.gauges[*worker].load(turn.now) > house.options.worker_load_most) {
        return base::Err{Error{ErrorCode::Unavailable, "every worker is full"}};
    }
    const auto handle = house.rooms.insert([](auto) { return std::make_unique<Room>(); });
    Room& room = *house.rooms.find(handle);
    room.id = id;
    room.options = options;
    room.created = turn.now;
    room.epoch = epoch;
    room.trace = trace.empty() ? cluster::trace_id(cluster::begin_trace(house.random)) : trace;
    house.room_by_id.emplace(room.id, handle);
    tell(turn, room, "room.created", "{\"metadata\":" + options.metadata + "}");
    log(turn, Level::Info, "room opened", room);
    carry(turn, room);
    await_peers(turn, handle);
    return &room;
}

void shut_room(Turn& turn, Room& room, uint16_t code, std::string_view reason) {
    House& house = turn.house;
    while (!room.routers.empty()) close_router(turn, room, room.routers.back().worker);
    for (const auto& [id, peer] : room.peers) {
        forget_media_of_closing_room(turn, room, *house.members.find(peer));
    }
    while (!room.peers.empty()) {
        Member& member = *house.members.find(room.peers.begin()->second);
        remove_member_of_closing_room(turn, member, code, reason);
    }
    tell(turn, room, "room.closed", one_text("reason", reason));
    log(turn, Level::Info, "room closed: " + std::string(reason), room);
    const auto found = house.room_by_id.find(room.id);
    const auto handle = found->second;
    house.waits.erase({Wait::For::Room, handle.index, handle.generation});
    house.waits.erase({Wait::For::Spare, handle.index, handle.generation});
    house.room_by_id.erase(found);
    house.rooms.erase(handle);
}

void await_peers(Turn& turn, const base::Handle<Room>& handle) {
    const Room& room = *turn.house.rooms.find(handle);
    const bool waits = room.peers.empty() && room.options.empty_timeout > 0s;
    turn.house.waits.set({Wait::For::Room, handle.index, handle.generation},
                         waits ? turn.now + room.options.empty_timeout : Instant::never());
}

void on_empty_timeout(Turn& turn, base::Handle<Room> handle) {
    Room* room = turn.house.rooms.find(handle);
    if (room && room->peers.empty()) shut_room(turn, *room, 4410, "empty");
}

void keep_app_data(Turn& turn, const Room& room) {
    for (const rooms::Router& router : room.routers) {
        turn.house.workers[router.worker].ask(
            workers::SetRouterAppData{router.id, rooms::write_app_data(room)});
    }
}

std::vector<std::string> lenders_of(const House& house, const Room& room) {
    std::vector<std::string> lenders;
    for (const rooms::Router& router : room.routers) {
        if (house.is_lent(router.worker)) lenders.push_back(house.workers[router.worker].lender());
    }
    return lenders;
}

std::vector<RouterInfo> router_infos(const House& house, const Room& room) {
    std::vector<RouterInfo> routers;
    for (const rooms::Router& router : room.routers) {
        const bool lent = house.is_lent(router.worker);
        routers.push_back({.worker = lent ? router.loan.theirs : router.worker,
                           .lender = router.loan.lender,
                           .peers = router.peers,
                           .reasons = router.reasons});
    }
    return routers;
}

RoomInfo room_info(const House& house, const Room& room) {
    RoomInfo info;
    info.id = room.id;
    info.options = room.options;
    info.created = room.created;
    info.overflow = lenders_of(house, room);
    for (const rooms::Router& router : room.routers) {
        if (!house.is_lent(router.worker)) info.workers.push_back(router.worker);
    }
    for (const auto& [id, handle] : room.peers) {
        const Member& member = *house.members.find(handle);
        info.peers.push_back(member.info(member.session.connection().has_value()));
    }
    info.epoch = room.epoch;
    info.trace = room.trace;
    return info;
}

}  // namespace parley::controller
