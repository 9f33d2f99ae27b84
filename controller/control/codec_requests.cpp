#include "controller/control/codec.h"
#include "controller/control/wire.h"

namespace parley::controller::control {

namespace {

struct RequestWriter {
    fb::FlatBufferBuilder& to;
    wire::RequestBody type = wire::RequestBody::NONE;

    fb::Offset<void> operator()(const Hello& m) {
        type = wire::RequestBody::Hello;
        return wire::CreateHello(to, m.major, m.minor, to.CreateString(m.name)).Union();
    }
    fb::Offset<void> operator()(const ListRooms& m) {
        type = wire::RequestBody::ListRooms;
        return wire::CreateListRooms(to, to.CreateString(m.after), m.limit).Union();
    }
    fb::Offset<void> operator()(const GetRoom& m) {
        type = wire::RequestBody::GetRoom;
        return wire::CreateGetRoom(to, to.CreateString(m.room)).Union();
    }
    fb::Offset<void> operator()(const ListPeers& m) {
        type = wire::RequestBody::ListPeers;
        const auto room = to.CreateString(m.room);
        return wire::CreateListPeers(to, room, to.CreateString(m.after), m.limit).Union();
    }
    fb::Offset<void> operator()(const ListWorkers&) {
        type = wire::RequestBody::ListWorkers;
        return wire::CreateListWorkers(to).Union();
    }
    fb::Offset<void> operator()(const CloseRoom& m) {
        type = wire::RequestBody::CloseRoom;
        return wire::CreateCloseRoom(to, to.CreateString(m.room)).Union();
    }
    fb::Offset<void> operator()(const KickPeer& m) {
        type = wire::RequestBody::KickPeer;
        const auto room = to.CreateString(m.room), peer = to.CreateString(m.peer);
        return wire::CreateKickPeer(to, room, peer, to.CreateString(m.reason)).Union();
    }
    fb::Offset<void> operator()(const MutePeer& m) {
        type = wire::RequestBody::MutePeer;
        const auto room = to.CreateString(m.room), peer = to.CreateString(m.peer);
        return wire::CreateMutePeer(to, room, peer, m.muted).Union();
    }
    fb::Offset<void> operator()(const StartDrain& m) {
        type = wire::RequestBody::Drain;
        return wire::CreateDrain(to, m.deadline ? m.deadline->count() : -1, m.for_good,
                                 to.CreateString(m.server))
            .Union();
    }
    fb::Offset<void> operator()(const StopDrain& m) {
        type = wire::RequestBody::Undrain;
        return wire::CreateUndrain(to, to.CreateString(m.server)).Union();
    }
    fb::Offset<void> operator()(const GetDrain& m) {
        type = wire::RequestBody::GetDrain;
        return wire::CreateGetDrain(to, to.CreateString(m.server)).Union();
    }
    fb::Offset<void> operator()(const ExplainRoom& m) {
        type = wire::RequestBody::Why;
        return wire::CreateWhy(to, to.CreateString(m.room)).Union();
    }
    fb::Offset<void> operator()(const DumpRoom& m) {
        type = wire::RequestBody::Dump;
        const auto room = to.CreateString(m.room);
        return wire::CreateDump(to, room, to.CreateString(m.peer)).Union();
    }
};

std::optional<RequestBody> parse_body(const wire::Request& from) {
    switch (from.body_type()) {
        case wire::RequestBody::Hello: {
            const auto& m = *from.body_as_Hello();
            return Hello{m.major(), m.minor(), text(m.name())};
        }
        case wire::RequestBody::ListRooms: {
            const auto& m = *from.body_as_ListRooms();
            return ListRooms{text(m.after()), m.limit()};
        }
        case wire::RequestBody::GetRoom: return GetRoom{text(from.body_as_GetRoom()->room())};
        case wire::RequestBody::ListPeers: {
            const auto& m = *from.body_as_ListPeers();
            return ListPeers{text(m.room()), text(m.after()), m.limit()};
        }
        case wire::RequestBody::ListWorkers: return ListWorkers{};
        case wire::RequestBody::CloseRoom: return CloseRoom{text(from.body_as_CloseRoom()->room())};
        case wire::RequestBody::KickPeer: {
            const auto& m = *from.body_as_KickPeer();
            return KickPeer{text(m.room()), text(m.peer()), text(m.reason())};
        }
        case wire::RequestBody::MutePeer: {
            const auto& m = *from.body_as_MutePeer();
            return MutePeer{text(m.room()), text(m.peer()), m.muted()};
        }
        case wire::RequestBody::Drain: {
            const auto& m = *from.body_as_Drain();
            return StartDrain{duration(m.deadline_us()), m.for_good(), text(m.server())};
        }
        case wire::RequestBody::Undrain: return StopDrain{text(from.body_as_Undrain()->server())};
        case wire::RequestBody::GetDrain: return GetDrain{text(from.body_as_GetDrain()->server())};
        case wire::RequestBody::Why: return ExplainRoom{text(from.body_as_Why()->room())};
        case wire::RequestBody::Dump: {
            const auto& m = *from.body_as_Dump();
            return DumpRoom{text(m.room()), text(m.peer())};
        }
        case wire::RequestBody::NONE: break;
    }
    return std::nullopt;
}

}  // namespace

std::vector<uint8_t> write_requests(std::span<const Request> requests) {
    fb::FlatBufferBuilder to;
    std::vector<fb::Offset<wire::Request>> written;
    for (const Request& request : requests) {
        RequestWriter writer{to};
        const auto body = std::visit(writer, request.body);
        written.push_back(wire::CreateRequest(to, request.id, writer.type, body));
    }
    to.Finish(wire::CreateFrame(to, to.CreateVector(written)));
    return {to.GetBufferPointer(), to.GetBufferPointer() + to.GetSize()};
}

std::optional<std::vector<Request>> parse_requests(base::Bytes frame) {
    const wire::Frame* verified = verify(frame);
    if (!verified || !verified->requests()) return std::nullopt;
    std::vector<Request> requests;
    for (const wire::Request* from : *verified->requests()) {
        auto body = from->body() ? parse_body(*from) : std::nullopt;
        if (!body) return std::nullopt;
        requests.push_back({from->id(), std::move(*body)});
    }
    return requests;
}

}  // namespace parley::controller::control
