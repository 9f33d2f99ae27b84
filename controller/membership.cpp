#include "controller/membership.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "common/json/json.h"
#include "controller/hearing.h"
#include "controller/loans.h"
#include "controller/placement.h"
#include "controller/room_life.h"
#include "controller/rooms/app_data.h"
#include "controller/signalling/protoo.h"
#include "controller/slots.h"
#include "controller/speakers.h"
#include "controller/spread.h"

namespace parley::controller {

namespace {

struct Farewell {
    std::string_view why;  // in events and logs
    uint16_t code;         // to the client
    std::string_view said;
};

Farewell farewell(Leaving why) {
    switch (why) {
        case Leaving::Left: return {"left", 1000, "left"};
        case Leaving::Disconnected: return {"disconnected", 1000, ""};
        case Leaving::Lost: return {"lost", 1000, ""};
        case Leaving::Replaced: return {"replaced", 4409, "replaced"};
        case Leaving::Kicked: return {"kicked", 4403, "kicked"};
        case Leaving::TransportsLost: return {"transports-lost", 4500, "transports-lost"};
        case Leaving::NoCapacity: return {"no-capacity", 4429, "capacity"};
    }
    return {};
}

void refuse(Turn& turn, ConnectionId connection, const Admission& admission, uint16_t code,
            std::string_view reason) {
    turn.out.push_back(CloseConnection{connection, code, std::string(reason)});
    Tally::count(turn.house.tally.refused, reason);
    turn.out.push_back(Log{Level::Info,
                           "refused: " + std::string(reason) + ", from " + admission.remote,
                           admission.room,
                           admission.peer,
                           {}});
}

// An id nobody can guess, fit for a URL.
std::string new_session_id(base::Random& random) {
    std::string id = random.text(24);
    std::replace(id.begin(), id.end(), '+', '-');
    std::replace(id.begin(), id.end(), '/', '_');
    return id;
}

// The first message of every connection of a numbered session.
void greet(Turn& turn, const Member& member, bool resumed, bool recovered) {
    if (!member.session.numbered()) return;
    const auto grace =
        std::chrono::duration_cast<std::chrono::milliseconds>(turn.house.options.session_grace);
    JsonWriter data;
    data.object().text("id", member.session.id()).number("graceMs", int64_t{grace.count()});
    data.flag("resumed", resumed).flag("recovered", recovered).end_object();
    member.session.post_unnumbered(signalling::write_notification("session", data.take()),
                                   turn.out);
}

void attach(Turn& turn, Member& member, ConnectionId connection) {
    member.session.attach(connection);
    turn.house.connections.insert(connection, member.self);
    turn.house.waits.erase({Wait::For::Peer, member.self.index, member.self.generation});
}

void close_connection(Turn& turn, Member& member, uint16_t code, std::string_view reason) {
    const auto connection = member.session.connection();
    if (!connection) return;
    turn.out.push_back(CloseConnection{*connection, code, std::string(reason)});
    turn.house.connections.erase(*connection);
    member.session.detach();
}

void resume(Turn& turn, ConnectionId connection, const Admission& admission) {
    House& house = turn.house;
    Room* room = house.room(admission.room);
    Member* member = room ? house.member(*room, admission.peer) : nullptr;
    if (!member || member->session.id() != *admission.session ||
        !member->session.can_resume(admission.received)) {
        return refuse(turn, connection, admission, 4404, "no-such-session");
    }
    close_connection(turn, *member, 4409, "replaced");
    attach(turn, *member, connection);
    member->rights = admission.rights;
    const bool recovered = member->session.awaits_client();
    greet(turn, *member, true, recovered);
    tell(turn, *room, "peer.resumed", one_text("peer", member->id));
    ++house.tally.peers_resumed;
    log(turn, Level::Info, "resumed from " + admission.remote, *room, *member);
    for (const uint64_t consumer : member->session.asked_before(admission.received)) {
        make_ready(turn, *member, consumer);
    }
    member->session.resume(admission.received, turn.out);
    tell_lost_transports(turn, *member);
}

// The room that the admission names, opened if need be. Closes the connection when there is none.
Room* find_or_open(Turn& turn, ConnectionId connection, const Admission& admission) {
    if (Room* room = turn.house.room(admission.room)) return room;
    if (turn.house.draining) {
        refuse(turn, connection, admission, 4503, "unavailable");
        return nullptr;
    }
    if (!turn.house.options.create_on_join) {
        refuse(turn, connection, admission, 4404, "no-such-room");
        return nullptr;
    }
    const auto opened = open_room(turn, admission.room, turn.house.options.room);
    if (opened) return *opened;
    refuse(turn, connection, admission, 4429, "capacity");
    return nullptr;
}

void add_member(Turn& turn, ConnectionId connection, const Admission& admission, Room& room,
                std::optional<WorkerIndex> place) {
    House& house = turn.house;
    if (place) promise_capacity(turn, room, admission.rights, *place);
    const bool numbered = admission.session.has_value();
    const auto handle = house.members.insert([&](auto self) {
        return std::make_unique<Member>(self, numbered ? new_session_id(house.random) : "");
    });
    Member& member = *house.members.find(handle);
    member.id = admission.peer;
    member.room = house.room_by_id.find(room.id)->second;
    member.rights = admission.rights;
    member.since = turn.now;
    member.remote = admission.remote;
    room.peers.emplace(member.id, handle);
    member.csrc = new_csrc(turn, room);
    room.speakers.emplace(member.csrc, handle);
    settle_rules_about(turn, room, member);
    if (place) move_in(turn, room, member, *place);
    await_peers(turn, member.room);
    attach(turn, member, connection);
    greet(turn, member, false, false);
    tell(turn, room, "peer.added", one_text("peer", member.id));
    ++house.tally.peers_added;
    log(turn, Level::Info, "peer added from " + member.remote, room, member);
}

// Takes the member out of every index, and itself.
void erase_member(Turn& turn, Member& member) {
    House& house = turn.house;
    const auto handle = member.self;
    const auto room_handle = member.room;
    ENSURE(member.producers.empty());  // or somebody would hear a ghost
    move_out(turn, *house.rooms.find(room_handle), member);
    house.waits.erase({Wait::For::Peer, handle.index, handle.generation});
    for (const auto& [id, transport] : member.transports) house.forget_transport(id);
    house.rooms.find(room_handle)->peers.erase(member.id);
    house.rooms.find(room_handle)->speakers.erase(member.csrc);
    house.members.erase(handle);
    await_peers(turn, room_handle);
}

void tell_left(Turn& turn, Room& room, const Member& member, std::string_view reason) {
    Tally::count(turn.house.tally.left, reason);
    JsonWriter data;
    data.object().text("peer", member.id).text("reason", reason).end_object();
    tell(turn, room, "peer.left", data.take());
    log(turn, Level::Info, "peer left: " + std::string(reason), room, member);
}

}  // namespace

void admit(Turn& turn, ConnectionId connection, const Admission& admission) {
    if (!rooms::valid_id(admission.room) || !rooms::valid_id(admission.peer)) {
        return refuse(turn, connection, admission, 4400, "bad-request");
    }
    if (turn.house.stopping) return refuse(turn, connection, admission, 4429, "capacity");
    if (admission.session && !admission.session->empty()) {
        return resume(turn, connection, admission);
    }
    Room* room = find_or_open(turn, connection, admission);
    if (!room) return;
    if (Member* before = turn.house.member(*room, admission.peer)) {
        remove_member(turn, *before, Leaving::Replaced);
    }
    if (room->full(turn.house.options.max_peers_per_room)) {
        return refuse(turn, connection, admission, 4429, "room-full");
    }
    const auto place = place_for(turn.house, turn.now, *room, admission.rights);
    // While no worker runs there is nobody to disturb: carry() will find a place.
    if (!place && !room->routers.empty()) {
        if (await_loan(turn, connection, admission)) return;
        return refuse(turn, connection, admission, 4429, "capacity");
    }
    add_member(turn, connection, admission, *room, place);
}

void on_connection_lost(Turn& turn, Member& member, std::string_view why) {
    if (const auto connection = member.session.connection()) {
        turn.house.connections.erase(*connection);
    }
    member.session.detach();
    if (!member.session.numbered()) return remove_member(turn, member, Leaving::Disconnected);
    turn.house.waits.set({Wait::For::Peer, member.self.index, member.self.generation},
                         turn.now + turn.house.options.session_grace);
    Room& room = *turn.house.rooms.find(member.room);
    tell(turn, room, "peer.connection_lost", one_text("peer", member.id));
    log(turn, Level::Info, "connection lost: " + std::string(why), room, member);
}

void drop_connection(Turn& turn, Member& member, uint16_t code, std::string_view reason) {
    close_connection(turn, member, code, reason);
    on_connection_lost(turn, member, reason);
}

void remove_member(Turn& turn, Member& member, Leaving why, std::string_view detail) {
    Room& room = *turn.house.rooms.find(member.room);
    const Farewell bye = farewell(why);
    std::string said(bye.said);
    if (!detail.empty()) said += ": " + std::string(detail);
    close_connection(turn, member, bye.code, said);
    while (!member.producers.empty()) {
        forget_producer(turn, room, member, member.producers.begin()->first);
    }
    forget_consumers(turn, room, member);
    if (auto* link = turn.house.link(member)) {
        for (const auto& [id, transport] : member.transports) {
            link->ask(workers::CloseTransport{id});
        }
    }
    if (member.joined) {
        notify_others(turn, room, &member, "peerClosed", one_text("peerId", member.id));
    }
    forget_speaker(turn, room, member);
    tell_left(turn, room, member, bye.why);
    erase_member(turn, member);
}

void remove_member_of_closing_room(Turn& turn, Member& member, uint16_t code,
                                   std::string_view reason) {
    Room& room = *turn.house.rooms.find(member.room);
    close_connection(turn, member, code, reason);
    tell_left(turn, room, member, reason);
    erase_member(turn, member);
}

void on_grace_over(Turn& turn, base::Handle<Member> handle) {
    Member* member = turn.house.members.find(handle);
    if (member && !member->session.connection()) remove_member(turn, *member, Leaving::Lost);
}

std::string write_peer(const rooms::Peer& peer, std::string_view audio) {
    JsonWriter out;
    out.object().text("id", peer.id).text("displayName", peer.display_name);
    out.raw("device", peer.device);
    if (!audio.empty()) out.text("audio", audio);
    return out.end_object().take();
}

std::string write_other_peers(const House& house, const Room& room, const Member& self) {
    JsonWriter out;
    out.array();
    for (const auto& [id, handle] : room.peers) {
        const Member& other = *house.members.find(handle);
        if (&other == &self || !other.joined) continue;
        out.raw(self.slots > 0 ? write_peer(other, audio_of(other)) : write_peer(other));
    }
    return out.end_array().take();
}

void keep_app_data(Turn& turn, const Member& member) {
    auto* link = turn.house.link(member);
    for (const auto& [id, transport] : member.transports) {
        if (!link) return;
        link->ask(workers::SetTransportAppData{
            id, rooms::write_app_data(member, member.session.id(), transport)});
    }
}

}  // namespace parley::controller
