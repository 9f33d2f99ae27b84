#include <algorithm>

#include "controller/api/call.h"
#include "controller/views.h"

// /v1/rooms/{room}/peers and below.
namespace parley::controller::api {

namespace {

constexpr uint64_t kTtl = 3600;  // seconds that a token holds, when none are asked
constexpr uint64_t kTtlMost = 30 * 24 * 3600;
constexpr size_t kNameBytes = 256;
constexpr size_t kReasonBytes = 100;  // fits a WebSocket's close frame, RFC 6455 §5.5

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

base::Result<PeerInfo, Response> peer_of(const Controller& controller, const std::string& room_id,
                                         const std::string& peer_id) {
    const auto room = controller.room(room_id);
    if (!room) return base::Err{error_response(room.error())};
    for (const PeerInfo& peer : room->peers) {
        if (peer.id == peer_id) return peer;
    }
    return base::Err{error_response(404, "no such peer")};
}

Response peer_response(const PeerInfo& peer) {
    JsonWriter json;
    write_peer(json, peer);
    return json_response(200, json.take());
}

base::Result<Grant, Response> read_grant(Instant now, Json body, std::string_view room) {
    JsonFields fields(body, "peer");
    fields.only({"peer", "name", "publish", "subscribe", "data", "ttl"});
    Grant grant;
    grant.room = room;
    grant.peer = fields.text_or("peer", 64, "");
    grant.name = fields.text_or("name", kNameBytes, "");
    grant.rights.publish = fields.flag_or("publish", true);
    grant.rights.subscribe = fields.flag_or("subscribe", true);
    grant.rights.data = fields.flag_or("data", true);
    const uint64_t ttl = fields.number_or("ttl", kTtlMost, kTtl);
    grant.expires = now + std::chrono::seconds(ttl);
    if (has_control(grant.name)) fields.fail("name", "no control characters");
    if (!grant.peer.empty() && !is_id(grant.peer)) {
        fields.fail("peer", "1 to 64 characters of A-Z a-z 0-9 _ . : -");
    }
    if (ttl == 0) fields.fail("ttl", "1 second or more");
    if (!fields.ok()) return base::Err{error_response(400, fields.error())};
    return grant;
}

cluster::PeerAdd command_of(Instant now, const Grant& grant) {
    cluster::PeerAdd command{.room = grant.room, .peer = grant.peer, .name = grant.name};
    command.publish = grant.rights.publish;
    command.subscribe = grant.rights.subscribe;
    command.data = grant.rights.data;
    command.ttl = grant.expires - now;
    return command;
}

}  // namespace

Response Api::list_peers(Call& call) {
    const auto page = page_of(call.request.query);
    if (!page) return page.error();
    if (auto answer = redirect(call, call.arguments[0])) return *answer;
    auto room = call.controller.room(call.arguments[0]);
    if (!room) return error_response(room.error());
    std::sort(room->peers.begin(), room->peers.end(),
              [](const PeerInfo& a, const PeerInfo& b) { return a.id < b.id; });
    const auto [peers, next] = paged(std::move(room->peers), *page);
    JsonWriter json;
    json.object().key("peers").array();
    for (const PeerInfo& peer : peers) write_peer(json, peer);
    json.end_array().key("next");
    next.empty() ? json.null() : json.text(next);
    json.end_object();
    return json_response(200, json.take());
}

// Lets somebody in: a token and where to bring it. The peer is in the room once it has connected.
Response Api::add_peer(Call& call) {
    const std::string& room = call.arguments[0];
    if (!is_id(room)) return error_response(400, "not an id of a room");
    auto grant = read_grant(call.now, call.body(), room);
    if (!grant) return grant.error();
    const auto known = call.controller.room(room);
    const bool elsewhere = !known && call.others && call.others->find(room);
    if (!known && !elsewhere && !options_.create_on_join) {
        const cluster::PeerAdd command = command_of(call.now, *grant);
        if (auto answer = away(call, room, command, 201)) return *answer;
        return error_response(known.error());
    }
    if (grant->peer.empty()) grant->peer = new_id();
    const auto token = tokens_.issue(*grant);
    if (!token) {
        return error_response(409,
                              "no HS256 token-key is configured: whoever holds the private "
                              "key signs the tokens");
    }
    JsonWriter json;
    json.object()
        .text("token", *token)
        .text("url", signalling_url(call.request))
        .text("room", room)
        .text("peer", grant->peer)
        .text("expires", time_text(grant->expires))
        .end_object();
    return json_response(201, json.take());
}

Response Api::get_peer(Call& call) {
    if (auto answer = redirect(call, call.arguments[0])) return *answer;
    const auto peer = peer_of(call.controller, call.arguments[0], call.arguments[1]);
    return peer ? peer_response(*peer) : peer.error();
}

Response Api::kick_peer(Call& call) {
    const std::string_view reason = find(call.request.query, "reason").value_or("");
    if (reason.size() > kReasonBytes || has_control(reason)) {
        return error_response(400, "reason is at most 100 bytes without control characters");
    }
    const std::string &room = call.arguments[0], &peer = call.arguments[1];
    if (is_id(peer)) {
        const cluster::PeerKick command{room, peer, std::string(reason)};
        if (auto answer = away(call, room, command, 204)) return *answer;
    }
    const auto kicked = call.controller.kick_peer(call.now, room, peer, reason, call.out);
    return kicked ? Response{.status = 204} : error_response(kicked.error());
}

Response Api::mute_peer(Call& call) {
    JsonFields fields(call.body(), "mute");
    fields.only({"muted"});
    const bool muted = fields.flag("muted");
    if (!fields.ok()) return error_response(400, fields.error());
    const std::string &room = call.arguments[0], &id = call.arguments[1];
    if (is_id(id)) {
        if (auto answer = away(call, room, cluster::PeerMute{room, id, muted}, 204)) return *answer;
    }
    const auto done = call.controller.mute_peer(call.now, room, id, muted, call.out);
    if (!done) return error_response(done.error());
    const auto peer = peer_of(call.controller, room, id);
    return peer ? peer_response(*peer) : peer.error();
}

}  // namespace parley::controller::api
