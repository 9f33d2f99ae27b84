#include "controller/room_life.h"

#include <algorithm>
#include <vector>

#include "common/json/json.h"
#include "controller/hearing.h"
#include "controller/membership.h"
#include "controller/rooms/app_data.h"
#include "controller/slots.h"
#include "controller/speakers.h"

namespace parley::controller {

namespace {

using workers::Pending;
using workers::Purpose;

constexpr uint16_t kLevelInterval = 250;  // ms: the ten levels a mean takes, and two lost
constexpr int8_t kLevelThreshold = -60;   // dBov
constexpr uint16_t kLevelEntries = 10;
constexpr uint16_t kSpeakerInterval = 300;  // ms

// What is certain of a room before anything of it was measured: that it is there, and its peers.
// So rooms which are still empty are spread too.
double least_load(const Room& room) {
    return 1e-5 * static_cast<double>(1 + room.peers.size());
}

// The streams that a peer brings to its room's worker: its voice and whom it hears, and all who
// hear it.
capacity::PeerStreams streams_of_peer(const House& house, const Room& room, const Rights& rights) {
    uint32_t voices = 0, ears = 0;
    for (const auto& [id, handle] : room.peers) {
        const Member& member = *house.members.find(handle);
        voices += static_cast<uint32_t>(member.producers.size());
        ears += member.can_hear();
    }
    capacity::PeerStreams streams{.producers = rights.publish};
    streams.consumers = (rights.subscribe ? voices : 0) + (rights.publish ? ears : 0);
    return streams;
}

double load_of_peer(const House& house, const Room& room, const Rights& rights) {
    const capacity::Gauge& gauge = house.gauges[*room.worker];
    return capacity::cost_of_peer(house.costs.costs(), gauge.packets_per_stream(),
                                  streams_of_peer(house, room, rights));
}

// Tells everybody whose transports died with a worker.
void tell_lost_transports(Turn& turn, Room& room) {
    const auto peers = room.peers;  // a peer that is not numbered leaves by this
    for (const auto& [id, handle] : peers) {
        Member& member = *turn.house.members.find(handle);
        JsonWriter data;
        data.object().text("reason", "the worker that carried them died");
        data.key("transportIds").array();
        for (const auto& [number, lost] : member.transports) data.text(std::to_string(number));
        const bool had_any = !member.transports.empty();
        forget_media(turn, room, member);
        if (!had_any) continue;
        tell_audio(turn, room, member);
        if (member.session.numbered()) {
            notify(turn, member, "transportsLost", data.end_array().end_object().take());
        } else {
            remove_member(turn, member, Leaving::TransportsLost);
        }
    }
}

}  // namespace

std::optional<WorkerIndex> lightest_worker(const House& house, Instant now) {
    std::vector<double> load(house.workers.size());
    for (const auto& [id, handle] : house.room_by_id) {
        const Room& room = *house.rooms.find(handle);
        if (room.worker) load[*room.worker] += least_load(room);
    }
    std::optional<WorkerIndex> best;
    for (WorkerIndex i = 0; i < house.workers.size(); ++i) {
        if (!house.workers[i].running()) continue;
        load[i] = std::max(load[i], house.gauges[i].load(now));
        if (!best || load[i] < load[*best]) best = i;
    }
    return best;
}

bool has_capacity(const House& house, Instant now, const Room& room, const Rights& rights) {
    if (!room.worker) return true;
    const double load = house.gauges[*room.worker].load(now);
    return load + load_of_peer(house, room, rights) <= house.options.worker_load_most;
}

void promise_capacity(Turn& turn, const Room& room, const Rights& rights) {
    if (!room.worker) return;
    const double load = load_of_peer(turn.house, room, rights);
    turn.house.gauges[*room.worker].promise(turn.now, load);
}

Capacity capacity_of(const House& house, Instant now) {
    Capacity capacity;
    for (WorkerIndex i = 0; i < house.workers.size(); ++i) {
        if (!house.workers[i].running()) continue;
        capacity.most += house.options.worker_load_most;
        capacity.used += house.gauges[i].load(now);
    }
    // While there is nobody to learn from: somebody who talks to two others.
    const double least = capacity::cost_of_peer(house.costs.costs(), 25, {.consumers = 4});
    const auto peers = static_cast<double>(house.members.size());
    capacity.per_peer = std::max(least, peers > 0 ? capacity.used / peers : 0);
    return capacity;
}

Result<Room*> open_room(Turn& turn, std::string_view id, const RoomOptions& options,
                        cluster::Epoch epoch) {
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
    house.room_by_id.emplace(room.id, handle);
    tell(turn, room, "room.created", "{\"metadata\":" + options.metadata + "}");
    log(turn, Level::Info, "room opened", room);
    carry(turn, room);
    await_peers(turn, handle);
    return &room;
}

void carry(Turn& turn, Room& room) {
    if (room.worker) return;
    const auto worker = lightest_worker(turn.house, turn.now);
    if (!worker) return;
    room.worker = worker;
    room.router = turn.new_id();
    auto& link = turn.house.workers[*worker];
    const auto handle = turn.house.room_by_id.find(room.id)->second;
    const Pending pending{Purpose::Router, handle.index, handle.generation, room.router, 0};
    link.ask(workers::CreateRouter{room.router, rooms::write_app_data(room)}, pending);
    room.level_observer = observe(turn, link, room.router, workers::ObserverKind::AudioLevel);
    room.speaker_observer = observe(turn, link, room.router, workers::ObserverKind::ActiveSpeaker);
    turn.house.observers.insert(room.level_observer, handle);
    turn.house.observers.insert(room.speaker_observer, handle);
    fall_silent(turn, room);
    tell_lost_transports(turn, room);
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

void shut_room(Turn& turn, Room& room, uint16_t code, std::string_view reason) {
    House& house = turn.house;
    if (auto* link = house.link(room)) {
        link->ask(workers::CloseRouter{room.router});
        house.observers.erase(room.level_observer);
        house.observers.erase(room.speaker_observer);
        room.worker.reset();  // nothing of its peers is worth a word to the worker any more
    }
    for (const auto& [id, peer] : room.peers) forget_media(turn, room, *house.members.find(peer));
    while (!room.peers.empty()) {
        Member& member = *house.members.find(room.peers.begin()->second);
        remove_member_of_closing_room(turn, member, code, reason);
    }
    tell(turn, room, "room.closed", one_text("reason", reason));
    log(turn, Level::Info, "room closed: " + std::string(reason), room);
    const auto found = house.room_by_id.find(room.id);
    const auto handle = found->second;
    house.waits.erase({true, handle.index, handle.generation});
    house.room_by_id.erase(found);
    house.rooms.erase(handle);
}

void await_peers(Turn& turn, const base::Handle<Room>& handle) {
    const Room& room = *turn.house.rooms.find(handle);
    const bool waits = room.peers.empty() && room.options.empty_timeout > 0s;
    turn.house.waits.set({true, handle.index, handle.generation},
                         waits ? turn.now + room.options.empty_timeout : Instant::never());
}

void on_empty_timeout(Turn& turn, base::Handle<Room> handle) {
    Room* room = turn.house.rooms.find(handle);
    if (room && room->peers.empty()) shut_room(turn, *room, 4410, "empty");
}

RoomInfo room_info(const House& house, const Room& room) {
    RoomInfo info{room.id, room.options, room.created, room.worker.value_or(0), {}};
    for (const auto& [id, handle] : room.peers) {
        const Member& member = *house.members.find(handle);
        info.peers.push_back(member.info(member.session.connection().has_value()));
    }
    info.epoch = room.epoch;
    return info;
}

}  // namespace parley::controller
