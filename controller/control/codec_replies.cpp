#include "controller/control/codec.h"
#include "controller/control/wire.h"

namespace parley::controller::control {

namespace {

// Tables in one frame: a thousand peers with their producers, and room to spare.
constexpr uint32_t kTablesMost = 100'000;
constexpr uint32_t kDepthMost = 16;

// Writes a vector of tables, each made by `write(to, item)`.
template <typename T, typename Items, typename Write>
fb::Offset<fb::Vector<fb::Offset<T>>> write_all(fb::FlatBufferBuilder& to, const Items& items,
                                                Write write) {
    std::vector<fb::Offset<T>> written;
    written.reserve(items.size());
    for (const auto& item : items) written.push_back(write(to, item));
    return to.CreateVector(written);
}

fb::Offset<wire::Room> write_room(fb::FlatBufferBuilder& to, const RoomLine& line) {
    const RoomOptions& options = line.room.options;
    const std::vector<WorkerIndex>& workers = line.room.workers;
    const auto id = to.CreateString(line.room.id), metadata = to.CreateString(options.metadata);
    return wire::CreateRoom(to, id, options.max_peers, options.empty_timeout.count(), metadata,
                            line.room.created.micros(), workers.empty() ? 0 : workers[0],
                            line.peers, to.CreateVector(workers));
}

fb::Offset<wire::Producer> write_producer(fb::FlatBufferBuilder& to, const ProducerInfo& producer) {
    return wire::CreateProducer(to, to.CreateString(producer.id), producer.paused, producer.muted);
}

fb::Offset<wire::Peer> write_peer(fb::FlatBufferBuilder& to, const PeerInfo& peer) {
    const auto id = to.CreateString(peer.id), name = to.CreateString(peer.display_name),
               device = to.CreateString(peer.device);
    const auto producers = write_all<wire::Producer>(to, peer.producers, write_producer);
    return wire::CreatePeer(to, id, name, device, peer.joined, peer.connected, peer.since.micros(),
                            producers);
}

fb::Offset<wire::Worker> write_worker(fb::FlatBufferBuilder& to, const WorkerInfo& w) {
    const auto drops =
        write_all<wire::DropCount>(to, w.drops, [](fb::FlatBufferBuilder& into, const auto& drop) {
            return wire::CreateDropCount(into, into.CreateString(drop.first), drop.second);
        });
    return wire::CreateWorker(
        to, w.index, static_cast<wire::WorkerState>(w.state), w.pid, w.restarts, w.rooms,
        w.transports, w.producers, w.consumers, w.packets_received, w.bytes_received,
        w.packets_sent, w.bytes_sent, w.rtp_packets_received, w.rtp_packets_sent,
        w.handshakes_completed, w.handshakes_failed, drops, w.cpu_ns, w.resident_bytes,
        static_cast<uint32_t>(w.loop_delay_max.count()),
        static_cast<uint32_t>(w.loop_delay_mean.count()), w.speaks.major, w.speaks.minor);
}

struct ReplyWriter {
    fb::FlatBufferBuilder& to;
    uint32_t id;

    fb::Offset<wire::Reply> reply(wire::ReplyBody type, fb::Offset<void> body) {
        return wire::CreateReply(to, id, 0, 0, type, body);
    }
    fb::Offset<wire::Reply> operator()(const Done&) {
        return reply(wire::ReplyBody::Done, wire::CreateDone(to).Union());
    }
    fb::Offset<wire::Reply> operator()(const HelloReply& m) {
        return reply(wire::ReplyBody::HelloReply,
                     wire::CreateHelloReply(to, m.major, m.minor).Union());
    }
    fb::Offset<wire::Reply> operator()(const Rooms& m) {
        const auto rooms = write_all<wire::Room>(to, m.rooms, write_room);
        return reply(wire::ReplyBody::Rooms, wire::CreateRooms(to, rooms, m.more).Union());
    }
    fb::Offset<wire::Reply> operator()(const RoomLine& m) {
        return reply(wire::ReplyBody::Room, write_room(to, m).Union());
    }
    fb::Offset<wire::Reply> operator()(const Peers& m) {
        const auto peers = write_all<wire::Peer>(to, m.peers, write_peer);
        return reply(wire::ReplyBody::Peers, wire::CreatePeers(to, peers, m.more).Union());
    }
    fb::Offset<wire::Reply> operator()(const Workers& m) {
        const auto workers = write_all<wire::Worker>(to, m.workers, write_worker);
        return reply(wire::ReplyBody::Workers, wire::CreateWorkers(to, workers).Union());
    }
    fb::Offset<wire::Reply> operator()(const DrainState& m) {
        return reply(wire::ReplyBody::DrainState,
                     wire::CreateDrainState(to, static_cast<wire::ServerState>(m.state), m.rooms,
                                            m.peers, m.left ? m.left->count() : -1)
                         .Union());
    }
    fb::Offset<wire::Reply> operator()(const Report& m) {
        return reply(wire::ReplyBody::Report,
                     wire::CreateReport(to, to.CreateString(m.json)).Union());
    }
    fb::Offset<wire::Reply> operator()(const Error& error) {
        const auto reason = to.CreateString(error.reason);
        return wire::CreateReply(to, id, static_cast<uint16_t>(error.code), reason);
    }
};

// Calls `parse(item)` on each; an absent vector is empty.
template <typename Items, typename Parse>
auto parse_all(const Items* items, Parse parse) {
    std::vector<decltype(parse(*items->Get(0)))> parsed;
    if (!items) return parsed;
    for (const auto* item : *items) parsed.push_back(parse(*item));
    return parsed;
}

RoomLine parse_room(const wire::Room& from) {
    RoomLine line;
    line.room.id = text(from.id());
    line.room.options.max_peers = from.max_peers();
    line.room.options.empty_timeout = base::Duration(from.empty_timeout_us());
    line.room.options.metadata = text(from.metadata());
    line.room.created = Instant::from_micros(from.created_us());
    if (from.workers()) line.room.workers.assign(from.workers()->begin(), from.workers()->end());
    line.peers = from.peers();
    return line;
}

PeerInfo parse_peer(const wire::Peer& from) {
    PeerInfo peer;
    peer.id = text(from.id());
    peer.display_name = text(from.display_name());
    peer.device = text(from.device());
    peer.joined = from.joined();
    peer.connected = from.connected();
    peer.since = Instant::from_micros(from.since_us());
    peer.producers = parse_all(from.producers(), [](const wire::Producer& producer) {
        return ProducerInfo{text(producer.id()), producer.paused(), producer.muted()};
    });
    return peer;
}

// A state of a later version is shown as the most harmless one.
WorkerState parse_state(wire::WorkerState state) {
    return state > wire::WorkerState::MAX ? WorkerState::Waiting : static_cast<WorkerState>(state);
}

DrainState parse_drain(const wire::DrainState& from) {
    DrainState drain;
    // A state of a later version is none that ends a wait.
    drain.state = from.state() > wire::ServerState::MAX
                      ? cluster::ServerState::Draining
                      : static_cast<cluster::ServerState>(from.state());
    drain.rooms = from.rooms();
    drain.peers = from.peers();
    drain.left = duration(from.left_us());
    return drain;
}

WorkerInfo parse_worker(const wire::Worker& from) {
    WorkerInfo worker;
    worker.index = from.index();
    worker.state = parse_state(from.state());
    worker.pid = from.pid();
    worker.restarts = from.restarts();
    worker.rooms = from.rooms();
    worker.transports = from.transports();
    worker.producers = from.producers();
    worker.consumers = from.consumers();
    worker.packets_received = from.packets_received();
    worker.bytes_received = from.bytes_received();
    worker.packets_sent = from.packets_sent();
    worker.bytes_sent = from.bytes_sent();
    worker.rtp_packets_received = from.rtp_packets_received();
    worker.rtp_packets_sent = from.rtp_packets_sent();
    worker.handshakes_completed = from.handshakes_completed();
    worker.handshakes_failed = from.handshakes_failed();
    worker.drops = parse_all(from.drops(), [](const wire::DropCount& drop) {
        return std::pair(text(drop.name()), drop.count());
    });
    worker.cpu_ns = from.cpu_ns();
    worker.resident_bytes = from.resident_bytes();
    worker.loop_delay_max = base::Duration(from.loop_delay_max_us());
    worker.loop_delay_mean = base::Duration(from.loop_delay_mean_us());
    worker.speaks = {from.pipe_major(), from.pipe_minor()};
    return worker;
}

std::optional<ReplyBody> parse_body(const wire::Reply& from) {
    if (from.code() != 0) return Error{static_cast<ErrorCode>(from.code()), text(from.reason())};
    if (!from.body()) return std::nullopt;
    switch (from.body_type()) {
        case wire::ReplyBody::Done: return Done{};
        case wire::ReplyBody::HelloReply: {
            const auto& m = *from.body_as_HelloReply();
            return HelloReply{m.major(), m.minor()};
        }
        case wire::ReplyBody::Rooms: {
            const auto& m = *from.body_as_Rooms();
            return Rooms{parse_all(m.rooms(), parse_room), m.more()};
        }
        case wire::ReplyBody::Room: return parse_room(*from.body_as_Room());
        case wire::ReplyBody::Peers: {
            const auto& m = *from.body_as_Peers();
            return Peers{parse_all(m.peers(), parse_peer), m.more()};
        }
        case wire::ReplyBody::Workers:
            return Workers{parse_all(from.body_as_Workers()->workers(), parse_worker)};
        case wire::ReplyBody::DrainState: return parse_drain(*from.body_as_DrainState());
        case wire::ReplyBody::Report: return Report{text(from.body_as_Report()->json())};
        case wire::ReplyBody::NONE: break;
    }
    return std::nullopt;
}

}  // namespace

const wire::Frame* verify(base::Bytes frame) {
    fb::Verifier verifier(frame.data(), frame.size(), kDepthMost, kTablesMost);
    return wire::VerifyFrameBuffer(verifier) ? wire::GetFrame(frame.data()) : nullptr;
}

std::vector<uint8_t> write_replies(std::span<const Reply> replies) {
    fb::FlatBufferBuilder to;
    std::vector<fb::Offset<wire::Reply>> written;
    for (const Reply& reply : replies) {
        written.push_back(std::visit(ReplyWriter{to, reply.id}, reply.body));
    }
    to.Finish(wire::CreateFrame(to, 0, to.CreateVector(written)));
    return {to.GetBufferPointer(), to.GetBufferPointer() + to.GetSize()};
}

std::optional<std::vector<Reply>> parse_replies(base::Bytes frame) {
    const wire::Frame* verified = verify(frame);
    if (!verified || !verified->replies()) return std::nullopt;
    std::vector<Reply> replies;
    for (const wire::Reply* from : *verified->replies()) {
        auto body = parse_body(*from);
        if (!body) return std::nullopt;
        replies.push_back({from->id(), std::move(*body)});
    }
    return replies;
}

}  // namespace parley::controller::control
