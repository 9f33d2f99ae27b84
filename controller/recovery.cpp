#include "controller/recovery.h"

#include <algorithm>

#include "controller/crossing.h"
#include "controller/hearing.h"
#include "controller/recovered_crossings.h"
#include "controller/room_life.h"
#include "controller/rooms/app_data.h"
#include "controller/slots.h"
#include "controller/spread.h"

namespace parley::controller {

namespace {

// Ids must never be used twice in the life of a worker.
// Within our own range: what is in a worker of another server is not seen here.
void pass_by(Turn& turn, uint64_t id) {
    const uint64_t range = turn.house.last_id & ~kIdsOfRange;
    turn.house.last_id = range | std::max(turn.house.last_id & kIdsOfRange, id & kIdsOfRange);
}

void pass_by(Turn& turn, const workers::RouterSnapshot& router) {
    pass_by(turn, router.router);
    for (const auto& observer : router.observers) pass_by(turn, observer.observer);
    for (const auto& transport : router.transports) {
        pass_by(turn, transport.transport);
        for (const auto& producer : transport.producers) pass_by(turn, producer.producer);
        for (const auto& consumer : transport.consumers) pass_by(turn, consumer.consumer);
        for (const auto& slot : transport.slots) pass_by(turn, slot.consumer);
    }
    for (const auto& leaving : router.pipe_consumers) pass_by(turn, leaving.consumer);
    for (const auto& arrived : router.pipe_producers) pass_by(turn, arrived.producer);
}

// The observer of this kind, made anew if the crash came before it was there.
uint64_t observer_of(Turn& turn, WorkerIndex worker, const workers::RouterSnapshot& router,
                     workers::ObserverKind kind) {
    for (const auto& observer : router.observers) {
        if (observer.kind == kind) return observer.observer;
    }
    return observe(turn, turn.house.workers[worker], router.router, kind);
}

Room& add_room(Turn& turn, rooms::RoomRecord& record) {
    House& house = turn.house;
    const auto handle = house.rooms.insert([](auto) { return std::make_unique<Room>(); });
    Room& room = *house.rooms.find(handle);
    room.id = std::move(record.id);
    room.options = std::move(record.options);
    room.created = record.created;
    room.epoch = record.epoch;
    room.trace = std::move(record.trace);
    house.room_by_id.emplace(room.id, handle);
    await_peers(turn, handle);
    return room;
}

void add_router(Turn& turn, Room& room, WorkerIndex worker,
                const workers::RouterSnapshot& snapshot) {
    rooms::Router router;
    router.id = snapshot.router;
    router.worker = worker;
    if (turn.house.is_lent(worker)) router.loan = turn.house.workers[worker].loan();
    router.level_observer = observer_of(turn, worker, snapshot, workers::ObserverKind::AudioLevel);
    router.speaker_observer =
        observer_of(turn, worker, snapshot, workers::ObserverKind::ActiveSpeaker);
    router.reasons = "found there when this controller started";
    router.empty_since = turn.now;
    const auto handle = turn.house.room_by_id.find(room.id)->second;
    turn.house.observers.insert(router.level_observer, handle);
    turn.house.observers.insert(router.speaker_observer, handle);
    room.routers.push_back(std::move(router));
}

// The room of this router. nullptr when the router is not one of ours, or is there already.
Room* find_or_add(Turn& turn, WorkerIndex worker, const workers::RouterSnapshot& router) {
    auto record = rooms::parse_room(router.app_data);
    if (!record) return nullptr;
    Room* room = turn.house.room(record->id);
    if (!room) return &add_room(turn, *record);
    const bool known =
        room->router_in(worker) ||
        std::any_of(room->routers.begin(), room->routers.end(),
                    [&](const rooms::Router& other) { return other.id == router.router; });
    const bool same = room->created == record->created && room->epoch == record->epoch;
    return known || !same ? nullptr : room;
}

// The peer of this record; the first of its transports brings it back.
Member& find_or_add(Turn& turn, Room& room, WorkerIndex worker, rooms::PeerRecord& record) {
    House& house = turn.house;
    if (Member* known = house.member(room, record.peer.id)) return *known;
    const auto handle = house.members.insert(
        [&](auto self) { return std::make_unique<Member>(self, std::move(record.session)); });
    Member& member = *house.members.find(handle);
    static_cast<rooms::Peer&>(member) = std::move(record.peer);
    member.room = house.room_by_id.find(room.id)->second;
    if (member.session.numbered()) member.session.await_client();
    room.peers.emplace(member.id, handle);
    // A peer of a controller that knew no csrcs yet, or whose csrc another has: a new one.
    if (member.csrc == 0 || room.speakers.contains(member.csrc)) {
        member.csrc = new_csrc(turn, room);
    }
    room.speakers.emplace(member.csrc, handle);
    move_in(turn, room, member, worker);
    await_peers(turn, member.room);
    house.waits.set({Wait::For::Peer, handle.index, handle.generation},
                    turn.now + 2 * house.options.session_grace);
    return member;
}

void add_producers(Turn& turn, Member& member, const workers::TransportSnapshot& transport) {
    for (const auto& known : transport.producers) {
        Producer producer;
        producer.id = known.producer;
        producer.transport = transport.transport;
        producer.created = true;
        producer.payload_type = known.payload_type;
        producer.clock_rate = known.clock_rate;
        producer.mid = known.mid;
        producer.ssrc = known.encodings.empty() ? 0 : known.encodings[0].ssrc;
        // Of one that is muted, or has not joined, it is not known whether the client had paused
        // it, too.
        producer.paused_by_client = known.paused && !member.muted && member.joined;
        const bool ours = rooms::parse_producer(known.app_data, producer);
        if (!ours || turn.house.producers.contains(producer.id)) continue;
        turn.house.producers.insert(producer.id, member.self);
        member.producers.emplace(producer.id, std::move(producer));
    }
}

// The producer that a consumer in this worker is heard from: itself, or what it is beyond a pipe.
struct Source {
    uint64_t id = 0;
    Member* speaker = nullptr;  // nullptr: there is no such voice
    rooms::Crossing* crossing = nullptr;
};

Source source_of(const House& house, WorkerIndex worker, uint64_t producer) {
    const uint64_t* crossed = house.crossed.find(producer);
    Source source{crossed ? *crossed : producer};
    const auto* owner = house.producers.find(source.id);
    Member* speaker = owner ? house.members.find(*owner) : nullptr;
    if (!speaker) return source;
    auto& crossings = speaker->producers.at(source.id).crossings;
    const auto found = crossings.find(worker);
    const bool here = !crossed && speaker->worker == worker;
    const bool arrives = found != crossings.end() && found->second.producer == producer;
    if (arrives) source.crossing = &found->second;
    if (here || arrives) source.speaker = speaker;
    return source;
}

// After all producers, and what of them crosses, are known. A consumer that leads nowhere is
// closed.
void add_consumers(Turn& turn, Member& member, const workers::TransportSnapshot& transport) {
    Transport& own = member.transports.at(transport.transport);
    for (const auto& known : transport.consumers) {
        const auto [heard, speaker, crossing] =
            source_of(turn.house, *member.worker, known.producer);
        const bool fits = speaker && speaker->room == member.room && speaker != &member &&
                          member.can_hear() && !member.hearing.contains(heard);
        if (!fits) {
            turn.house.link(member)->ask(workers::CloseConsumer{known.consumer});
            continue;
        }
        if (crossing) ++crossing->ears;
        Consumer consumer;
        consumer.id = known.consumer;
        consumer.transport = transport.transport;
        consumer.producer = heard;
        consumer.ssrc = known.ssrc;
        consumer.mid = known.mid;
        consumer.created = true;
        consumer.ready = !known.paused;
        own.next_mid = std::max(
            own.next_mid, static_cast<uint32_t>(std::strtoul(known.mid.c_str(), nullptr, 10)) + 1);
        member.hearing.emplace(heard, known.consumer);
        member.consumers.emplace(known.consumer, std::move(consumer));
    }
}

using Taken = std::vector<std::pair<Member*, const workers::TransportSnapshot*>>;

void recover_router(Turn& turn, WorkerIndex worker, const workers::RouterSnapshot& router,
                    Taken& taken) {
    auto& link = turn.house.workers[worker];
    Room* room = find_or_add(turn, worker, router);
    if (!room) return link.ask(workers::CloseRouter{router.router});
    add_router(turn, *room, worker, router);
    for (const auto& transport : router.transports) {
        auto peer = rooms::parse_peer(transport.app_data);
        Member* member = peer ? &find_or_add(turn, *room, worker, *peer) : nullptr;
        if (!member || member->worker != worker) {
            link.ask(workers::CloseTransport{transport.transport});
            continue;
        }
        peer->transport.id = transport.transport;
        peer->transport.created = true;
        member->transports.emplace(transport.transport, peer->transport);
        add_producers(turn, *member, transport);
        taken.emplace_back(member, &transport);
    }
}

// Whoever was in a room of a worker that died meanwhile has to come again; the room waits for them.
void recover_room(Turn& turn, const workers::RouterSnapshot& router) {
    auto record = rooms::parse_room(router.app_data);
    if (record && !turn.house.room(record->id)) add_room(turn, *record);
}

void settle(Turn& turn, Room& room) {
    for (const auto& [id, handle] : room.peers) {
        hear_all(turn, room, *turn.house.members.find(handle));
    }
    for (const auto& [id, handle] : room.peers) {
        close_unheard(turn, room, *turn.house.members.find(handle));
    }
    await_spare_routers(turn, room);
    log(turn, Level::Info, "room recovered with " + std::to_string(room.peers.size()) + " peers",
        room);
}

}  // namespace

void recover(Turn& turn) {
    const std::vector<Found> found = std::exchange(turn.house.carried, {});
    for (const Found& was : found) {
        for (const auto& router : was.snapshot.routers) pass_by(turn, router);
        for (const auto& pipe : was.snapshot.pipes) pass_by(turn, pipe.pipe);
    }
    Taken taken;
    for (const Found& was : found) {
        for (const auto& router : was.snapshot.routers) {
            was.lost ? recover_room(turn, router) : recover_router(turn, was.worker, router, taken);
        }
    }
    recover_pipes(turn, found);
    recover_crossings(turn, found);
    for (const auto& [member, transport] : taken) {
        add_consumers(turn, *member, *transport);
        recover_slots(turn, *turn.house.rooms.find(member->room), *member, *transport);
    }
    for (const auto& [id, handle] : turn.house.room_by_id) {
        settle(turn, *turn.house.rooms.find(handle));
    }
}

}  // namespace parley::controller
