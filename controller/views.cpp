#include "controller/views.h"

#include <chrono>
#include <cstdio>

namespace parley::controller {

namespace {

void write_room_members(JsonWriter& json, const RoomInfo& room, size_t peers) {
    json.text("id", room.id)
        .number("maxPeers", room.options.max_peers)
        .number("emptyTimeout", int64_t{room.options.empty_timeout / 1s})
        .raw("metadata", room.options.metadata)
        .text("region", room.options.region)
        .text("antiAffinity", room.options.anti_affinity)
        .text("created", time_text(room.created))
        .text("trace", room.trace)
        .number("peerCount", uint64_t{peers});
    json.key("workers").array();
    for (const WorkerIndex worker : room.workers) json.number(uint64_t{worker});
    json.end_array().key("overflow").array();
    for (const std::string& server : room.overflow) json.text(server);
    json.end_array();
}

double seconds(base::Duration span) {
    return std::chrono::duration<double>(span).count();
}

}  // namespace

void write_room_summary(JsonWriter& json, const RoomInfo& room, size_t peers) {
    json.object();
    write_room_members(json, room, peers);
    json.end_object();
}

void write_room(JsonWriter& json, const RoomInfo& room) {
    json.object();
    write_room_members(json, room, room.peers.size());
    json.key("peers").array();
    for (const PeerInfo& peer : room.peers) write_peer(json, peer);
    json.end_array().end_object();
}

void write_peer(JsonWriter& json, const PeerInfo& peer) {
    json.object()
        .text("id", peer.id)
        .text("displayName", peer.display_name)
        .raw("device", peer.device.empty() ? "null" : peer.device)
        .flag("joined", peer.joined)
        .flag("connected", peer.connected)
        .text("since", time_text(peer.since));
    json.key("producers").array();
    for (const ProducerInfo& producer : peer.producers) {
        json.object()
            .text("id", producer.id)
            .flag("paused", producer.paused)
            .flag("muted", producer.muted)
            .end_object();
    }
    json.end_array().end_object();
}

std::string pipe_version_text(PipeVersion version) {
    if (version.major == 0) return {};
    return std::to_string(version.major) + "." + std::to_string(version.minor);
}

void write_routers(JsonWriter& json, const RoomInfo& room, const std::vector<RouterInfo>& routers) {
    json.text("trace", room.trace).key("workers").array();
    for (const RouterInfo& router : routers) {
        json.object().number("worker", router.worker);
        if (!router.lender.empty()) json.text("lender", router.lender);
        json.number("peers", router.peers).text("reasons", router.reasons).end_object();
    }
    json.end_array();
}

std::string explanation(const RoomInfo& room, const std::vector<RouterInfo>& routers,
                        bool in_cluster) {
    JsonWriter json;
    json.object().text("room", room.id);
    json.text("reasons",
              in_cluster ? "it is here; the broker is away" : "this server stands alone");
    write_routers(json, room, routers);
    return json.end_object().take();
}

void write_worker(JsonWriter& json, const WorkerInfo& worker) {
    json.object()
        .number("index", worker.index)
        .text("state", worker_state_text(worker.state))
        .number("pid", worker.pid)
        .number("restarts", worker.restarts)
        .text("pipeVersion", pipe_version_text(worker.speaks))
        .number("rooms", worker.rooms)
        .number("transports", worker.transports)
        .number("producers", worker.producers)
        .number("consumers", worker.consumers)
        .number("packetsReceived", worker.packets_received)
        .number("bytesReceived", worker.bytes_received)
        .number("packetsSent", worker.packets_sent)
        .number("bytesSent", worker.bytes_sent)
        .number("rtpPacketsReceived", worker.rtp_packets_received)
        .number("rtpPacketsSent", worker.rtp_packets_sent)
        .number("handshakesCompleted", worker.handshakes_completed)
        .number("handshakesFailed", worker.handshakes_failed)
        .real("cpuSeconds", static_cast<double>(worker.cpu_ns) / 1e9)
        .number("residentBytes", worker.resident_bytes)
        .real("loopDelayMaxSeconds", seconds(worker.loop_delay_max))
        .real("loopDelayMeanSeconds", seconds(worker.loop_delay_mean))
        .real("load", worker.load);
    json.key("drops").object();
    for (const auto& [name, count] : worker.drops) json.number(name, count);
    json.end_object().end_object();
}

const char* worker_state_text(WorkerState state) {
    switch (state) {
        case WorkerState::Starting: return "starting";
        case WorkerState::Running: return "running";
        case WorkerState::Waiting: return "waiting";
    }
    return "unknown";
}

std::string time_text(Instant at) {
    using namespace std::chrono;
    const sys_time<milliseconds> time(floor<milliseconds>(microseconds(at.micros())));
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    char text[64];
    std::snprintf(
        text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return text;
}

}  // namespace parley::controller
