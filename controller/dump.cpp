#include "controller/dump.h"

#include "controller/dump_text.h"

namespace parley::controller {

namespace {

using workers::Pending;
using workers::Purpose;

constexpr base::Duration kDumpTime = 3s;

Wait wait_of(DumpId dump) {
    return {Wait::For::Dump, dump, 0};
}

void ask(Turn& turn, DumpId id, WorkerIndex worker, uint64_t object, workers::Body body) {
    turn.house.workers[worker].ask(
        std::move(body),
        Pending{.purpose = Purpose::Dump, .owner = worker, .object = object, .request = id});
    ++turn.house.dumps.at(id).unanswered;
}

void finish(Turn& turn, DumpId id) {
    const auto found = turn.house.dumps.find(id);
    const Dump dump = std::move(found->second);
    turn.house.dumps.erase(found);
    turn.house.waits.erase(wait_of(id));
    const Room* room = turn.house.rooms.find(dump.room);
    turn.out.push_back(Dumped{id, room ? write_dump(turn.now, turn.house, *room, dump) : ""});
}

}  // namespace

Result<base::Unit> begin_dump(Turn& turn, DumpId id, std::string_view room_id,
                              std::string_view peer) {
    House& house = turn.house;
    const auto handle = house.room_by_id.find(room_id);
    if (handle == house.room_by_id.end()) {
        return base::Err{Error{ErrorCode::NotFound, "no such room"}};
    }
    const Room& room = *house.rooms.find(handle->second);
    if (!peer.empty() && !house.member(room, peer)) {
        return base::Err{Error{ErrorCode::NotFound, "no such peer"}};
    }
    house.dumps.emplace(id, Dump{.room = handle->second, .peer = std::string(peer)});
    house.waits.set(wait_of(id), turn.now + kDumpTime);
    for (const auto& [name, member_handle] : room.peers) {
        const Member& member = *house.members.find(member_handle);
        if (!member.worker || (!peer.empty() && name != peer)) continue;
        for (const auto& [number, transport] : member.transports) {
            if (!transport.created) continue;
            ask(turn, id, *member.worker, number, workers::GetTransportStats{number});
        }
    }
    for (const auto& [ends, pipe] : house.pipes) {
        if (!room.router_in(ends.first) || !room.router_in(ends.second)) continue;
        for (const WorkerIndex end : {ends.first, ends.second}) {
            ask(turn, id, end, pipe.id, workers::GetPipeStats{pipe.id});
        }
    }
    if (house.dumps.at(id).unanswered == 0) finish(turn, id);
    return base::Unit{};
}

void on_dump_answer(Turn& turn, const Pending& pending, const workers::Reply& reply) {
    const auto id = static_cast<DumpId>(pending.request);
    const auto found = turn.house.dumps.find(id);
    if (found == turn.house.dumps.end()) return;
    Dump& dump = found->second;
    if (const auto* stats = std::get_if<workers::TransportStats>(&reply.body)) {
        dump.transports.emplace(pending.object, *stats);
    } else if (const auto* ends = std::get_if<workers::PipeStats>(&reply.body)) {
        dump.pipes.emplace(std::pair(pending.object, WorkerIndex{pending.owner}), *ends);
    }
    if (--dump.unanswered == 0) finish(turn, id);
}

void on_dump_wait(Turn& turn, DumpId id) {
    if (turn.house.dumps.contains(id)) finish(turn, id);
}

}  // namespace parley::controller
