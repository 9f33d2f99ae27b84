#include "controller/house.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "common/json/json.h"
#include "controller/signalling/protoo.h"

namespace parley::controller {

Room* House::room(std::string_view id) const {
    const auto found = room_by_id.find(id);
    return found == room_by_id.end() ? nullptr : rooms.find(found->second);
}

Member* House::member(const Room& room, std::string_view id) const {
    const auto found = room.peers.find(id);
    return found == room.peers.end() ? nullptr : members.find(found->second);
}

workers::WorkerLink* House::link(const Member& member) {
    return member.worker ? &workers[*member.worker] : nullptr;
}

workers::WorkerLink* House::link(const Room& room, WorkerIndex worker) {
    return room.router_in(worker) ? &workers[worker] : nullptr;
}

bool House::settled() const {
    return std::all_of(workers.begin(), workers.end(),
                       [](const workers::WorkerLink& link) { return link.settled(); });
}

Overview overview_of(const House& house) {
    Overview all{.rooms = house.rooms.size(),
                 .peers = house.members.size(),
                 .peers_connected = house.connections.size(),
                 .clients_held = house.held.size(),
                 .pipes = house.pipes.size()};
    house.rooms.for_each([&](const Room& room) {
        all.rooms_spread += room.routers.size() > 1;
        all.rooms_overflowed +=
            std::any_of(room.routers.begin(), room.routers.end(),
                        [&](const auto& router) { return house.is_lent(router.worker); });
    });
    house.members.for_each([&](const Member& member) { all.peers_joined += member.joined; });
    for (WorkerIndex i = house.options.workers; i < house.workers.size(); ++i) {
        all.workers_borrowed += house.workers[i].running();
    }
    for (const auto& [ends, pipe] : house.pipes) all.crossings += pipe.streams;
    return all;
}

void House::ensure_invariants() const {
    for (const auto& link : workers) link.ensure_invariants();
    ENSURE(rooms.size() == room_by_id.size());
    Census census;
    for (const auto& [id, handle] : room_by_id) {
        const Room* room = rooms.find(handle);
        ENSURE(room && room->id == id);
        ensure_invariants(*room, handle, census);
    }
    ENSURE(census.members == members.size() && census.connected == connections.size());
    ENSURE(census.producers == producers.size() && 2 * census.routers == observers.size());
    ENSURE(census.arrived == crossed.size());
    for (const auto& [ends, pipe] : pipes) {
        ENSURE(ends.first < ends.second);
        ENSURE(workers[ends.first].running() && workers[ends.second].running());
        ENSURE(pipe.streams == census.streams[ends]);
        ENSURE(pipe.streams == 0 || pipe.state != workers::Pipe::State::Refused);
    }
    for (const auto& [ends, streams] : census.streams) ENSURE(pipes.contains(ends));
}

void House::ensure_invariants(const Room& room, base::Handle<Room> handle, Census& census) const {
    for (const rooms::Router& router : room.routers) {
        ++census.routers;
        ENSURE(room.router_in(router.worker) == &router && workers[router.worker].running());
        ENSURE(observers.contains(router.level_observer));
        ENSURE(observers.contains(router.speaker_observer));
    }
    std::map<WorkerIndex, uint32_t> peers;
    std::map<std::pair<uint64_t, WorkerIndex>, uint32_t> ears;  // of a voice in another worker
    for (const auto& [peer, member_handle] : room.peers) {
        const Member* member = members.find(member_handle);
        ENSURE(member && member->id == peer && member->room == handle);
        ENSURE(member->self == member_handle);
        ENSURE(room.speakers.at(member->csrc) == member_handle);
        ++census.members;
        member->ensure_invariants();
        member->session.ensure_invariants();
        ENSURE(member->worker || member->transports.empty());
        if (member->worker) ++peers[*member->worker];
        if (const auto connection = member->session.connection()) {
            ++census.connected;
            const auto* known = connections.find(*connection);
            ENSURE(known && *known == member_handle);
        }
        for (const auto& [number, producer] : member->producers) {
            if (!producer.created) continue;
            ++census.producers;
            const auto* owner = producers.find(number);
            ENSURE(owner && *owner == member_handle);
        }
        for (const auto& [producer, consumer] : member->hearing) {
            const auto* owner = producers.find(producer);
            const Member* speaker = owner ? members.find(*owner) : nullptr;
            ENSURE(speaker && speaker->room == handle);  // no voice leaves its room
            if (speaker->worker != member->worker) ++ears[{producer, *member->worker}];
        }
        for (const uint64_t producer : member->brought) {
            ENSURE(member->slots > 0 && !member->producers.contains(producer));
            ++ears[{producer, *member->worker}];
        }
    }
    std::map<std::pair<WorkerIndex, WorkerIndex>, uint32_t> crossing;  // from, to
    for (const rooms::Router& router : room.routers) ENSURE(router.peers == peers[router.worker]);
    for (const auto& [peer, member_handle] : room.peers) {
        const Member& member = *members.find(member_handle);
        for (const auto& [number, producer] : member.producers) {
            for (const auto& [to, stream] : producer.crossings) {
                // Once, somewhere else, and only while it is heard there.
                ENSURE(to != *member.worker && room.router_in(to));
                const std::pair key(number, to);
                ENSURE(stream.ears > 0 && stream.ears == ears[key]);
                ENSURE(stream.paused == (stream.asleep == stream.ears));
                ears.erase(key);
                ++census.streams[std::minmax(to, *member.worker)];
                ++crossing[{*member.worker, to}];
                const uint64_t* voice = crossed.find(stream.producer);
                ENSURE(stream.arrived == (voice != nullptr) && (!voice || *voice == number));
                census.arrived += stream.arrived;
            }
        }
    }
    ENSURE(ears.empty());
    for (const rooms::Router& router : room.routers) {
        for (const auto& [to, lane] : router.lanes) {
            ENSURE(lane.streams == crossing[std::pair(router.worker, to)]);
            crossing.erase({router.worker, to});
        }
    }
    ENSURE(crossing.empty());
}

uint32_t new_csrc(Turn& turn, const Room& room) {
    uint32_t csrc = 0;
    while (csrc == 0 || room.speakers.contains(csrc)) {
        csrc = static_cast<uint32_t>(turn.new_id()) & 0x7fff'ffff;
    }
    return csrc;
}

void log(Turn& turn, Level level, std::string text) {
    turn.out.push_back(Log{level, std::move(text)});
}

void log(Turn& turn, Level level, std::string text, const Room& room) {
    turn.out.push_back(Log{level, std::move(text), room.id, {}, {}, room.trace});
}

void log(Turn& turn, Level level, std::string text, const Room& room, const rooms::Peer& peer) {
    turn.out.push_back(Log{level, std::move(text), room.id, peer.id, {}, room.trace});
}

void log(Turn& turn, Level level, std::string text, WorkerIndex worker) {
    turn.out.push_back(Log{level, std::move(text), {}, {}, worker});
}

void tell(Turn& turn, Room& room, std::string_view type, std::string data) {
    turn.out.push_back(Event{std::string(type), turn.now, room.id, ++room.events, std::move(data)});
}

void tell(Turn& turn, std::string_view type, std::string data) {
    turn.out.push_back(
        Event{std::string(type), turn.now, {}, ++turn.house.own_events, std::move(data)});
}

void notify(Turn& turn, Member& member, std::string_view method, std::string_view data) {
    member.session.post(signalling::write_notification(method, data), turn.out);
}

void notify_others(Turn& turn, const Room& room, const Member* except, std::string_view method,
                   std::string_view data) {
    const std::string text = signalling::write_notification(method, data);
    for (const auto& [id, handle] : room.peers) {
        Member* member = turn.house.members.find(handle);
        if (member != except && member->joined) member->session.post(text, turn.out);
    }
}

std::string one_text(std::string_view name, std::string_view value) {
    JsonWriter out;
    return out.object().text(name, value).end_object().take();
}

}  // namespace parley::controller
