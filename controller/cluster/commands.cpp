#include <algorithm>
#include <map>

#include "common/cluster/codec.h"
#include "common/cluster/timestamps.h"
#include "common/cluster/trace.h"
#include "controller/cluster/presence.h"
#include "controller/views.h"

// What becomes of each command.
namespace parley::controller::clustering {

namespace {

using cluster::Refusal;

constexpr size_t kEpochsMost = 100'000;

base::Err<Refusal> refuse(uint16_t code, std::string reason) {
    return base::Err{Refusal{code, std::move(reason)}};
}

base::Err<Refusal> refuse(const Error& error) {
    return refuse(static_cast<uint16_t>(error.code), error.reason);
}

std::string json(const auto& value) {
    JsonWriter out;
    cluster::write(out, value);
    return out.take();
}

std::string nothing() {
    return "null";
}

}  // namespace

cluster::RoomPlace Presence::place_of(const cluster::RoomReport& report, const std::string& server,
                                      const std::string& signalling) const {
    return {report.room,  server,         report.epoch,  signalling,
            report.peers, report.created, report.options};
}

cluster::RoomPlace Presence::place_of(const Elsewhere& place) const {
    const cluster::ServerPlace* server = directory_.server(place.server);
    return place_of(place.report, place.server, server ? server->signalling : "");
}

std::optional<cluster::RoomPlace> Presence::find(std::string_view room) const {
    const Elsewhere* place = directory_.find(room);
    if (!place) return std::nullopt;
    return place_of(*place);
}

std::vector<cluster::RoomPlace> Presence::places(std::string_view after, size_t most) const {
    std::vector<cluster::RoomPlace> places;
    const auto& rooms = directory_.rooms();
    for (auto it = rooms.upper_bound(after); it != rooms.end() && places.size() < most; ++it) {
        places.push_back(place_of(it->second));
    }
    return places;
}

cluster::RoomPlace Presence::place_of(const RoomInfo& room) const {
    return {room.id,
            options_.server,
            room.epoch,
            options_.signalling,
            static_cast<uint32_t>(room.peers.size()),
            room.created,
            room.options};
}

// The same letters as the ids that the HTTP API makes up.
std::string Presence::new_id() {
    constexpr std::string_view kAlphabet = "abcdefghijkmnopqrstuvwxyz23456789";
    std::string id(16, 'a');
    for (char& c : id) c = kAlphabet[random_.below(kAlphabet.size())];
    return id;
}

Presence::Data Presence::open(Call& call, const std::string& room, cluster::Epoch epoch,
                              const cluster::RoomOptions& options) {
    const bool is_here = call.controller.epoch(room) != 0;
    if (!is_here) {
        const auto given_up = epochs_.find(room);
        if (given_up != epochs_.end() && given_up->second > epoch) {
            return refuse(409, "the room has had a home under a higher epoch since");
        }
        if (drain_.is_on()) return refuse(503, "draining");
    }
    const auto trace = cluster::trace_id(call.delivery.traceparent);
    const auto opened = call.controller.open_room(call.now, room, epoch, options, call.out, trace);
    if (!opened) return refuse(opened.error());
    return json(place_of(*opened));
}

Presence::Data Presence::execute(Call& call, const cluster::RoomCreate& command) {
    const std::string room = command.room.empty() ? new_id() : command.room;
    // Above whatever home it had before, so that that one is not the home any more.
    cluster::Epoch before = directory_.epoch(room);
    if (const auto given_up = epochs_.find(room); given_up != epochs_.end()) {
        before = std::max(before, given_up->second);
    }
    const bool is_here = call.controller.epoch(room) != 0;
    return open(call, room, is_here ? 1 : before + 1, command.options);
}

Presence::Data Presence::execute(Call& call, const cluster::RoomOpen& command) {
    return open(call, command.room, command.epoch, command.options);
}

Presence::Data Presence::execute(Call& call, const cluster::RoomRelease& command) {
    const cluster::Epoch ours = call.controller.epoch(command.room);
    if (ours > command.epoch) return refuse(409, "the room is here under a higher epoch");
    remember_epoch(command.room, command.epoch);
    if (ours != 0 && command.closed) {
        call.controller.release_room(call.now, command.room, call.out).ok();
    } else if (ours != 0) {
        let_go(call.now, command.room, call.controller, call.out);
    }
    return nothing();
}

void Presence::remember_epoch(const std::string& room, cluster::Epoch epoch) {
    if (epochs_.size() >= kEpochsMost) epochs_.erase(epochs_.begin());
    cluster::Epoch& known = epochs_[room];
    known = std::max(known, epoch);
}

Presence::Data Presence::execute(Call& call, const cluster::RoomClose& command) {
    const auto closed = call.controller.close_room(call.now, command.room, call.out);
    if (!closed) return refuse(closed.error());
    return nothing();
}

Presence::Data Presence::execute(Call& call, const cluster::RoomGet& command) {
    const auto room = call.controller.room(command.room);
    if (!room) return refuse(room.error());
    return json(place_of(*room));
}

Presence::Data Presence::execute(Call& call, const cluster::RoomList& command) {
    std::map<std::string, cluster::RoomPlace> places;
    for (cluster::RoomPlace& place : this->places(command.after, command.limit + 1)) {
        std::string id = place.room;
        places.emplace(std::move(id), std::move(place));
    }
    for (const cluster::RoomReport& report : call.controller.reports()) {
        if (report.room <= command.after) continue;
        places.insert_or_assign(report.room,
                                place_of(report, options_.server, options_.signalling));
    }
    JsonWriter out;
    out.object().key("rooms").array();
    std::string last;
    size_t left = command.limit;
    for (const auto& [id, place] : places) {
        if (left-- == 0) break;
        cluster::write(out, place);
        last = id;
    }
    out.end_array().key("next");
    places.size() > command.limit ? out.text(last) : out.null();
    return out.end_object().take();
}

Presence::Data Presence::execute(Call& call, const cluster::RoomWhy& command) {
    const auto room = call.controller.room(command.room);
    if (!room) return refuse(room.error());
    JsonWriter out;
    out.object().text("room", room->id).text("home", options_.server).number("epoch", room->epoch);
    out.text("reasons", shared() ? "this server took it from the shared queue"
                                 : "a router-service gave it this home");
    write_routers(out, *room, call.controller.routers(room->id));
    return out.end_object().take();
}

Presence::Data Presence::execute(Call& call, const cluster::PeerAdd& command) {
    if (call.controller.epoch(command.room) == 0) return refuse(404, "no such room");
    cluster::PeerAdd wanted = command;
    if (wanted.peer.empty()) wanted.peer = new_id();
    const Instant expires = call.now + wanted.ttl;
    const auto token = issue_token_(wanted, expires);
    if (!token) return refuse(409, "no HS256 token-key is configured here");
    JsonWriter out;
    out.object()
        .text("token", *token)
        .text("url", options_.signalling)
        .text("room", wanted.room)
        .text("peer", wanted.peer)
        .text("expires", cluster::write_timestamp(expires))
        .end_object();
    return out.take();
}

Presence::Data Presence::execute(Call& call, const cluster::PeerKick& command) {
    const auto kicked =
        call.controller.kick_peer(call.now, command.room, command.peer, command.reason, call.out);
    if (!kicked) return refuse(kicked.error());
    return nothing();
}

Presence::Data Presence::execute(Call& call, const cluster::PeerMute& command) {
    const auto muted =
        call.controller.mute_peer(call.now, command.room, command.peer, command.muted, call.out);
    if (!muted) return refuse(muted.error());
    return nothing();
}

Presence::Data Presence::execute(Call& call, const cluster::PeerFind& command) {
    const bool named = !command.room.empty();
    if (named && call.controller.epoch(command.room) == 0) return refuse(404, "no such room");
    auto peers = call.controller.find_peers(command);
    for (cluster::PeerPlace& peer : peers) peer.server = options_.server;
    return cluster::write_peer_places(peers);
}

cluster::ServerPlace Presence::self(Instant now, const Controller& controller) const {
    return {options_.server,
            options_.region,
            options_.version,
            options_.signalling,
            drain_.state(),
            load(now, controller),
            static_cast<uint32_t>(controller.reports().size())};
}

Presence::Data Presence::execute(Call& call, const cluster::ServerList&) {
    auto servers = directory_.servers();
    servers.push_back(self(call.now, call.controller));
    std::sort(servers.begin(), servers.end(),
              [](const auto& a, const auto& b) { return a.server < b.server; });
    JsonWriter out;
    out.object().key("servers").array();
    for (const cluster::ServerPlace& server : servers) cluster::write(out, server);
    return out.end_array().end_object().take();
}

Presence::Data Presence::execute(Call& call, const cluster::ServerDrain& command) {
    if (command.server != options_.server) return refuse(404, "no such server");
    drain(call.now, command.deadline, false, call.mail);
    return nothing();
}

Presence::Data Presence::execute(Call& call, const cluster::ServerUndrain& command) {
    if (command.server != options_.server) return refuse(404, "no such server");
    undrain(call.now, call.mail);
    return nothing();
}

Presence::Data Presence::execute(Call& call, const cluster::BeatWanted&) {
    next_beat_ = next_whole_ = call.now;
    return nothing();
}

}  // namespace parley::controller::clustering
