#include "controller/dump_text.h"

#include <algorithm>

#include "common/cluster/timestamps.h"
#include "common/json/json.h"
#include "controller/stats.h"

namespace parley::controller {

namespace {

std::string_view state_text(workers::PipeState state) {
    switch (state) {
        case workers::PipeState::New: return "new";
        case workers::PipeState::Connecting: return "connecting";
        case workers::PipeState::Connected: return "connected";
        case workers::PipeState::Silent: return "silent";
    }
    return "unknown";  // of a later worker
}

// What its worker said of a stream, if it did.
void write_stream(JsonWriter& json, Instant now, const Dump& dump, uint64_t transport,
                  uint64_t stream, bool outbound) {
    const auto found = dump.transports.find(transport);
    if (found == dump.transports.end()) return;
    const auto& streams = outbound ? found->second.consumers : found->second.producers;
    const auto said = std::ranges::find(streams, stream, &workers::StreamStats::id);
    if (said == streams.end()) return;
    json.key("stats").object();
    write_stream_members(json, now, *said, outbound);
    json.end_object();
}

void write_transport(JsonWriter& json, Instant now, const Dump& dump, const Transport& transport) {
    json.object().text("id", std::to_string(transport.id));
    json.flag("producing", transport.producing).flag("consuming", transport.consuming);
    json.flag("created", transport.created);
    if (const auto said = dump.transports.find(transport.id); said != dump.transports.end()) {
        json.key("stats").object();
        write_transport_members(json, now, transport.id, said->second);
        json.end_object();
    }
    json.end_object();
}

void write_producer(JsonWriter& json, Instant now, const Dump& dump, const rooms::Peer& peer,
                    const Producer& producer) {
    json.object().text("id", std::to_string(producer.id));
    json.text("transport", std::to_string(producer.transport)).flag("created", producer.created);
    json.flag("pausedByClient", producer.paused_by_client).flag("muted", peer.muted);
    json.number("ssrc", producer.ssrc).number("payloadType", uint32_t{producer.payload_type});
    json.text("mid", producer.mid).text("cname", producer.cname).key("crossings").array();
    for (const auto& [worker, crossing] : producer.crossings) {
        json.object().number("toWorker", worker).number("ears", crossing.ears);
        json.flag("arrived", crossing.arrived).flag("paused", crossing.paused).end_object();
    }
    json.end_array();
    write_stream(json, now, dump, producer.transport, producer.id, false);
    json.end_object();
}

void write_consumer(JsonWriter& json, Instant now, const House& house, const Dump& dump,
                    const Consumer& consumer) {
    json.object().text("id", std::to_string(consumer.id));
    json.text("transport", std::to_string(consumer.transport)).flag("created", consumer.created);
    json.flag("ready", consumer.ready).flag("pausedByClient", consumer.paused_by_client);
    json.number("ssrc", consumer.ssrc).text("mid", consumer.mid);
    if (consumer.slot) {
        json.number("slot", *consumer.slot).number("csrc", consumer.csrc);
    } else {
        const auto* owner = house.producers.find(consumer.producer);
        const Member* speaker = owner ? house.members.find(*owner) : nullptr;
        json.text("producer", std::to_string(consumer.producer));
        json.text("hears", speaker ? speaker->id : "");
    }
    write_stream(json, now, dump, consumer.transport, consumer.id, true);
    json.end_object();
}

void write_member(JsonWriter& json, Instant now, const House& house, const Dump& dump,
                  const Member& member) {
    const PeerInfo info = member.info(member.session.connection().has_value());
    json.object().text("id", info.id).text("displayName", info.display_name);
    json.flag("joined", info.joined).flag("connected", info.connected);
    json.text("since", cluster::write_timestamp(info.since)).text("remote", member.remote);
    json.flag("muted", member.muted).flag("recovered", member.recovered);
    json.number("csrc", member.csrc).number("slots", member.slots).key("worker");
    member.worker ? json.number(uint64_t{*member.worker}) : json.null();
    json.key("transports").array();
    for (const auto& [id, transport] : member.transports) {
        write_transport(json, now, dump, transport);
    }
    json.end_array().key("producers").array();
    for (const auto& [id, producer] : member.producers) {
        write_producer(json, now, dump, member, producer);
    }
    json.end_array().key("consumers").array();
    for (const auto& [id, consumer] : member.consumers) {
        write_consumer(json, now, house, dump, consumer);
    }
    json.end_array().end_object();
}

void write_router(JsonWriter& json, const House& house, const rooms::Router& router) {
    json.object().number("worker", router.worker);
    if (house.is_lent(router.worker)) {
        json.text("lender", router.loan.lender).number("theirs", router.loan.theirs);
    }
    json.number("pid", house.workers[router.worker].info().pid);
    json.text("router", std::to_string(router.id)).number("peers", router.peers);
    json.text("reasons", router.reasons).key("lanes").array();
    for (const auto& [to, lane] : router.lanes) {
        json.object().number("toWorker", to).number("streams", lane.streams).end_object();
    }
    json.end_array().end_object();
}

void write_pipe(JsonWriter& json, uint64_t id, WorkerIndex end, const workers::PipeStats& said) {
    json.object().text("pipe", std::to_string(id)).number("worker", end);
    json.text("state", state_text(said.state)).text("remote", said.remote);
    if (said.round_trip_ms >= 0) json.real("roundTripTime", double{said.round_trip_ms});
    json.number("packetsReceived", said.packets_received).number("packetsSent", said.packets_sent);
    json.number("missing", said.missing).number("repaired", said.repaired).end_object();
}

}  // namespace

std::string write_dump(Instant now, const House& house, const Room& room, const Dump& dump) {
    JsonWriter json;
    json.object().text("room", room.id).text("server", house.options.server);
    json.text("at", cluster::write_timestamp(now))
        .text("created", cluster::write_timestamp(room.created));
    json.number("epoch", room.epoch).text("trace", room.trace);
    json.number("maxPeers", room.options.max_peers).raw("metadata", room.options.metadata);
    json.text("dominantSpeaker", room.dominant).number("unanswered", uint64_t{dump.unanswered});
    json.key("workers").array();
    for (const rooms::Router& router : room.routers) write_router(json, house, router);
    json.end_array().key("pipes").array();
    for (const auto& [end, said] : dump.pipes) write_pipe(json, end.first, end.second, said);
    json.end_array().key("peers").array();
    for (const auto& [id, handle] : room.peers) {
        if (!dump.peer.empty() && id != dump.peer) continue;
        write_member(json, now, house, dump, *house.members.find(handle));
    }
    return json.end_array().end_object().take();
}

}  // namespace parley::controller
