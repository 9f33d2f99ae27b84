#include <algorithm>
#include <functional>

#include "controller/hearing.h"
#include "controller/methods.h"
#include "controller/rooms/app_data.h"
#include "controller/signalling/ortc.h"
#include "controller/stats.h"

namespace parley::controller {

namespace {

using workers::Purpose;

constexpr size_t kTransportsPerPeer = 8;

// The transport that a client names; it cannot name one that it was not yet told of.
const Transport* named_transport(Call& call) {
    const Transport* transport = named(call.data, "transportId", call.member.transports);
    return transport && transport->created ? transport : nullptr;
}

Answer ask_for_stats(Call& call, Purpose purpose, uint64_t object, uint64_t transport) {
    auto* link = worker_of(call);
    if (!link) return no_worker();
    link->ask(workers::GetTransportStats{transport}, pending(call, purpose, object));
    return std::nullopt;
}

// As long as the worker has no TCP, UDP is better than nothing.
TransportParameters tcp_alone(TransportParameters all) {
    const auto is_tcp = [](const IceCandidate& candidate) { return candidate.tcp; };
    if (std::any_of(all.candidates.begin(), all.candidates.end(), is_tcp)) {
        std::erase_if(all.candidates, std::not_fn(is_tcp));
    }
    return all;
}

// A client hears on one transport. One that asks for another has given up the last: it asked for
// that one when its worker was just lost, and dropped the answer with everything else it had.
void close_replaced(Turn& turn, Member& member, uint64_t created) {
    const auto newest = member.transports.find(created);
    if (newest == member.transports.end() || !newest->second.consuming) return;
    Room& room = *turn.house.rooms.find(member.room);
    auto* link = turn.house.link(member);
    for (auto at = member.transports.begin(); at != newest;) {
        const auto [id, transport] = *at++;
        if (transport.producing || !transport.consuming) continue;
        std::vector<uint64_t> heard;
        for (const auto& [consumer, what] : member.consumers) {
            if (what.transport == id) heard.push_back(consumer);
        }
        for (const uint64_t consumer : heard) lose_consumer(turn, room, member, consumer);
        member.transports.erase(id);
        turn.house.forget_transport(id);
        if (link) link->ask(workers::CloseTransport{id});
    }
}

}  // namespace

Answer create_transport(Call& call) {
    JsonFields in(call.data);
    Transport transport;
    transport.producing = in.flag_or("producing", false);
    transport.consuming = in.flag_or("consuming", false);
    transport.force_tcp = in.flag_or("forceTcp", false);
    if (!in.ok()) return refuse(ErrorCode::Malformed, in.error());
    if (!transport.producing && !transport.consuming) {
        transport.producing = transport.consuming = true;
    }
    Member& member = call.member;
    if (member.transports.size() >= kTransportsPerPeer) {
        return refuse(ErrorCode::Limit, "as many transports as a peer may have");
    }
    auto* link = worker_of(call);
    if (!link) return no_worker();
    transport.id = call.turn.new_id();
    std::string kept = rooms::write_app_data(member, member.session.id(), transport);
    link->ask(workers::CreateTransport{call.room.router_in(*member.worker)->id, transport.id,
                                       std::move(kept)},
              pending(call, Purpose::Transport, transport.id));
    member.transports.emplace(transport.id, transport);
    if (!member.was_connected && !member.recovered) {
        call.turn.house.connecting.insert(transport.id, member.self);
    }
    return std::nullopt;
}

Answer connect_transport(Call& call) {
    const Transport* transport = named_transport(call);
    if (!transport) return refuse(ErrorCode::NotFound, "no such transport");
    const Json dtls = call.data["dtlsParameters"];
    auto fingerprints = signalling::parse_fingerprints(dtls);
    if (!fingerprints) return Result<std::string>(base::Err{fingerprints.error()});
    const auto role = signalling::parse_dtls_role(dtls);
    if (!role) return Result<std::string>(base::Err{role.error()});
    auto* link = worker_of(call);
    if (!link) return no_worker();
    link->ask(workers::ConnectTransport{transport->id, *role, std::move(*fingerprints)},
              pending(call, Purpose::Connect, transport->id));
    return std::nullopt;
}

Answer restart_ice(Call& call) {
    const Transport* transport = named_transport(call);
    if (!transport) return refuse(ErrorCode::NotFound, "no such transport");
    auto* link = worker_of(call);
    if (!link) return no_worker();
    link->ask(workers::RestartIce{transport->id},
              pending(call, Purpose::RestartIce, transport->id));
    return std::nullopt;
}

Answer get_transport_stats(Call& call) {
    const Transport* transport = named_transport(call);
    if (!transport) return refuse(ErrorCode::NotFound, "no such transport");
    return ask_for_stats(call, Purpose::TransportStats, transport->id, transport->id);
}

Answer get_producer_stats(Call& call) {
    const Producer* producer = named(call.data, "producerId", call.member.producers);
    if (!producer) return refuse(ErrorCode::NotFound, "no such producer");
    return ask_for_stats(call, Purpose::ProducerStats, producer->id, producer->transport);
}

Answer get_consumer_stats(Call& call) {
    const Consumer* consumer = named(call.data, "consumerId", call.member.consumers);
    if (!consumer) return refuse(ErrorCode::NotFound, "no such consumer");
    return ask_for_stats(call, Purpose::ConsumerStats, consumer->id, consumer->transport);
}

Answer on_transport_answer(Turn& turn, Member& member, const workers::Pending& pending,
                           const workers::Reply& reply) {
    const bool refused = reply.refusal != workers::Refusal::None;
    const auto ice_servers = [&] {
        return write_ice_servers(turn.now, turn.house.options.relays, member.id);
    };
    if (pending.purpose == Purpose::Transport) {
        const auto* created = std::get_if<TransportParameters>(&reply.body);
        if (!created || refused) {
            member.transports.erase(pending.object);
            turn.house.forget_transport(pending.object);
            return std::nullopt;
        }
        // A worker that answers in another order than it was asked in, which none of ours does.
        const auto made = member.transports.find(pending.object);
        if (made == member.transports.end()) {
            return refuse(ErrorCode::Conflict, "a newer transport has taken its place");
        }
        made->second.created = true;
        close_replaced(turn, member, pending.object);
        return signalling::write_transport(
            pending.object, made->second.force_tcp ? tcp_alone(*created) : *created, ice_servers());
    }
    if (pending.purpose == Purpose::RestartIce) {
        const auto* restarted = std::get_if<workers::IceRestarted>(&reply.body);
        if (restarted && !refused) {
            return signalling::write_ice_parameters(restarted->ice, ice_servers());
        }
        return std::nullopt;
    }
    // A client asks again when the answer was lost with the controller that was to give it.
    const bool again = member.recovered && reply.refusal == workers::Refusal::WrongState;
    if (!refused || again) return done();
    return std::nullopt;
}

Answer on_stats_answer(Turn& turn, const workers::Pending& pending, const workers::Reply& reply) {
    const auto* stats = std::get_if<workers::TransportStats>(&reply.body);
    if (!stats || reply.refusal != workers::Refusal::None) return std::nullopt;
    if (pending.purpose == Purpose::TransportStats) {
        return write_transport_stats(turn.now, pending.object, *stats);
    }
    const bool sends = pending.purpose == Purpose::ConsumerStats;
    for (const workers::StreamStats& stream : sends ? stats->consumers : stats->producers) {
        if (stream.id == pending.object) return write_stream_stats(turn.now, stream, sends);
    }
    return std::string("[]");
}

}  // namespace parley::controller
