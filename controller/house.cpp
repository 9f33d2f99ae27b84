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

workers::WorkerLink* House::link(const Room& room) {
    return room.worker ? &workers[*room.worker] : nullptr;
}

bool House::settled() const {
    return std::all_of(workers.begin(), workers.end(),
                       [](const workers::WorkerLink& link) { return link.settled(); });
}

void House::ensure_invariants() const {
    for (const auto& link : workers) link.ensure_invariants();
    ENSURE(rooms.size() == room_by_id.size());
    size_t members_seen = 0, connected = 0, created = 0, carried = 0;
    for (const auto& [id, handle] : room_by_id) {
        const Room* room = rooms.find(handle);
        ENSURE(room && room->id == id);
        if (room->worker) {
            ++carried;
            ENSURE(workers[*room->worker].running());
            ENSURE(observers.contains(room->level_observer));
            ENSURE(observers.contains(room->speaker_observer));
        }
        for (const auto& [peer, member_handle] : room->peers) {
            const Member* member = members.find(member_handle);
            ENSURE(member && member->id == peer && member->room == handle);
            ENSURE(member->self == member_handle);
            ENSURE(room->speakers.at(member->csrc) == member_handle);
            ++members_seen;
            member->ensure_invariants();
            member->session.ensure_invariants();
            if (const auto connection = member->session.connection()) {
                ++connected;
                const auto* known = connections.find(*connection);
                ENSURE(known && *known == member_handle);
            }
            for (const auto& [number, producer] : member->producers) {
                if (!producer.created) continue;
                ++created;
                const auto* owner = producers.find(number);
                ENSURE(owner && *owner == member_handle);
            }
            for (const auto& [producer, consumer] : member->hearing) {
                const auto* owner = producers.find(producer);
                ENSURE(owner && members.find(*owner)->room == handle);  // no voice leaves its room
            }
        }
    }
    ENSURE(members_seen == members.size() && connected == connections.size());
    ENSURE(created == producers.size() && 2 * carried == observers.size());
}

void log(Turn& turn, Level level, std::string text) {
    turn.out.push_back(Log{level, std::move(text)});
}

void log(Turn& turn, Level level, std::string text, const Room& room) {
    turn.out.push_back(Log{level, std::move(text), room.id, {}, {}});
}

void log(Turn& turn, Level level, std::string text, const Room& room, const rooms::Peer& peer) {
    turn.out.push_back(Log{level, std::move(text), room.id, peer.id, {}});
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
