#include "controller/recovery.h"

#include <algorithm>

#include "controller/hearing.h"
#include "controller/room_life.h"
#include "controller/rooms/app_data.h"
#include "controller/slots.h"

namespace parley::controller {

namespace {

// Ids must never be used twice in the life of a worker.
void pass_by(Turn& turn, uint64_t id) {
    turn.house.last_id = std::max(turn.house.last_id, id);
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
}

// The observer of this kind, made anew if the crash came before it was there.
uint64_t observer_of(Turn& turn, WorkerIndex worker, const workers::RouterSnapshot& router,
                     workers::ObserverKind kind) {
    for (const auto& observer : router.observers) {
        if (observer.kind == kind) return observer.observer;
    }
    return observe(turn, turn.house.workers[worker], router.router, kind);
}

Room& add_room(Turn& turn, WorkerIndex worker, const workers::RouterSnapshot& router,
               rooms::RoomRecord record) {
    House& house = turn.house;
    const auto handle = house.rooms.insert([](auto) { return std::make_unique<Room>(); });
    Room& room = *house.rooms.find(handle);
    room.id = std::move(record.id);
    room.options = std::move(record.options);
    room.created = record.created;
    room.epoch = record.epoch;
    room.worker = worker;
    room.router = router.router;
    house.room_by_id.emplace(room.id, handle);
    room.level_observer = observer_of(turn, worker, router, workers::ObserverKind::AudioLevel);
    room.speaker_observer = observer_of(turn, worker, router, workers::ObserverKind::ActiveSpeaker);
    house.observers.insert(room.level_observer, handle);
    house.observers.insert(room.speaker_observer, handle);
    return room;
}

// The peer of this record; the first of its transports brings it back.
Member& find_or_add(Turn& turn, Room& room, rooms::PeerRecord& record) {
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
    if (member.csrc == 0 || room.speakers.contains(member.csrc)) member.csrc = room.last_csrc + 1;
    room.last_csrc = std::max(room.last_csrc, member.csrc);
    room.speakers.emplace(member.csrc, handle);
    house.waits.set({false, handle.index, handle.generation},
                    turn.now + 2 * house.options.session_grace);
    return member;
}

void add_producers(Turn& turn, Member& member, const workers::TransportSnapshot& transport) {
    for (const auto& known : transport.producers) {
        Producer producer;
        producer.id = known.producer;
        producer.transport = transport.transport;
        producer.created = true;
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

// After all producers are known. A consumer that leads nowhere is closed.
void add_consumers(Turn& turn, Room& room, Member& member,
                   const workers::TransportSnapshot& transport) {
    Transport& own = member.transports.at(transport.transport);
    for (const auto& known : transport.consumers) {
        const auto* owner = turn.house.producers.find(known.producer);
        const Member* speaker = owner ? turn.house.members.find(*owner) : nullptr;
        const bool fits = speaker && speaker->room == member.room && speaker != &member &&
                          member.can_hear() && !member.hearing.contains(known.producer);
        if (!fits) {
            turn.house.link(room)->ask(workers::CloseConsumer{known.consumer});
            continue;
        }
        Consumer consumer;
        consumer.id = known.consumer;
        consumer.transport = transport.transport;
        consumer.producer = known.producer;
        consumer.ssrc = known.ssrc;
        consumer.mid = known.mid;
        consumer.created = true;
        consumer.ready = !known.paused;
        own.next_mid = std::max(
            own.next_mid, static_cast<uint32_t>(std::strtoul(known.mid.c_str(), nullptr, 10)) + 1);
        member.hearing.emplace(known.producer, known.consumer);
        member.consumers.emplace(known.consumer, std::move(consumer));
    }
}

void recover_room(Turn& turn, WorkerIndex worker, const workers::RouterSnapshot& router) {
    auto record = rooms::parse_room(router.app_data);
    if (!record || turn.house.room(record->id)) {
        turn.house.workers[worker].ask(workers::CloseRouter{router.router});
        return;
    }
    Room& room = add_room(turn, worker, router, std::move(*record));
    std::vector<std::pair<Member*, const workers::TransportSnapshot*>> taken;
    for (const auto& transport : router.transports) {
        auto peer = rooms::parse_peer(transport.app_data);
        if (!peer) {
            turn.house.link(room)->ask(workers::CloseTransport{transport.transport});
            continue;
        }
        peer->transport.id = transport.transport;
        peer->transport.created = true;
        Member& member = find_or_add(turn, room, *peer);
        member.transports.emplace(transport.transport, peer->transport);
        add_producers(turn, member, transport);
        taken.emplace_back(&member, &transport);
    }
    for (const auto& [member, transport] : taken) {
        add_consumers(turn, room, *member, *transport);
        recover_slots(turn, room, *member, *transport);
    }
    for (const auto& [id, handle] : room.peers) {
        hear_all(turn, room, *turn.house.members.find(handle));
    }
    await_peers(turn, turn.house.room_by_id.find(room.id)->second);
    log(turn, Level::Info, "room recovered with " + std::to_string(room.peers.size()) + " peers",
        room);
}

}  // namespace

void recover(Turn& turn, WorkerIndex worker, const workers::Snapshot& snapshot) {
    for (const auto& router : snapshot.routers) pass_by(turn, router);
    for (const auto& router : snapshot.routers) recover_room(turn, worker, router);
}

}  // namespace parley::controller
