#include "controller/control/server.h"

#include <algorithm>

#include "controller/control/codec.h"

namespace parley::controller::control {

namespace {

constexpr size_t kRequestsMost = 64;  // in one frame

template <typename T>
ReplyBody done_or_error(const Result<T>& result) {
    if (result) return Done{};
    return result.error();
}

RoomLine line_of(RoomInfo room) {
    RoomLine line{std::move(room), 0};
    line.peers = static_cast<uint32_t>(line.room.peers.size());
    line.room.peers.clear();
    return line;
}

// Keeps the page of `items`, which are sorted by id; true when there are more behind it.
template <typename T>
bool keep_page(std::vector<T>& items, const std::string& after, uint32_t limit) {
    const size_t most = limit == 0 ? kPageMost : std::min(limit, kPageMost);
    const auto first =
        std::find_if(items.begin(), items.end(), [&](const T& item) { return item.id > after; });
    items.erase(items.begin(), first);
    const bool more = items.size() > most;
    if (more) items.resize(most);
    return more;
}

// Carries out one request of a client that has greeted.
struct Executor {
    Instant now;
    Controller& controller;
    Drainable& drainable;
    Outputs& out;

    ReplyBody operator()(const Hello&) const {
        return Error{ErrorCode::Conflict, "Hello was already said"};
    }
    ReplyBody operator()(const ListRooms& m) const {
        std::vector<RoomInfo> rooms = controller.rooms();
        Rooms reply;
        reply.more = keep_page(rooms, m.after, m.limit);
        for (RoomInfo& room : rooms) reply.rooms.push_back(line_of(std::move(room)));
        return reply;
    }
    ReplyBody operator()(const GetRoom& m) const {
        auto room = controller.room(m.room);
        if (!room) return room.error();
        return line_of(std::move(*room));
    }
    ReplyBody operator()(const ListPeers& m) const {
        auto room = controller.room(m.room);
        if (!room) return room.error();
        Peers reply{std::move(room->peers)};
        std::sort(reply.peers.begin(), reply.peers.end(),
                  [](const PeerInfo& a, const PeerInfo& b) { return a.id < b.id; });
        reply.more = keep_page(reply.peers, m.after, m.limit);
        return reply;
    }
    ReplyBody operator()(const ListWorkers&) const { return Workers{controller.workers(now)}; }
    ReplyBody operator()(const CloseRoom& m) const {
        return done_or_error(controller.close_room(now, m.room, out));
    }
    ReplyBody operator()(const KickPeer& m) const {
        return done_or_error(controller.kick_peer(now, m.room, m.peer, m.reason, out));
    }
    ReplyBody operator()(const MutePeer& m) const {
        return done_or_error(controller.mute_peer(now, m.room, m.peer, m.muted, out));
    }
    ReplyBody operator()(const StartDrain& m) const {
        drainable.start_drain(now, m);
        return drainable.drain_state(now);
    }
    ReplyBody operator()(const StopDrain&) const {
        drainable.stop_drain(now);
        return drainable.drain_state(now);
    }
    ReplyBody operator()(const GetDrain&) const { return drainable.drain_state(now); }
};

}  // namespace

Server::Answer Server::on_frame(Instant now, ClientId client, base::Bytes frame,
                                Controller& controller, Drainable& drainable, Outputs& out) {
    const auto requests = parse_requests(frame);
    if (!requests) return {{}, "not a frame of requests"};
    if (requests->size() > kRequestsMost) return {{}, "too many requests in one frame"};
    std::vector<Reply> replies;
    std::string close;
    for (const Request& request : *requests) {
        Reply reply{request.id, {}};
        if (greeted_.contains(client)) {
            reply.body = std::visit(Executor{now, controller, drainable, out}, request.body);
        } else if (const Hello* hello = std::get_if<Hello>(&request.body)) {
            reply.body = greet(client, *hello);
        } else {
            reply.body = Error{ErrorCode::Conflict, "Hello comes first"};
        }
        replies.push_back(std::move(reply));
        if (!greeted_.contains(client)) {
            close = "no common version, or no Hello";
            break;
        }
    }
    return {write_replies(replies), close};
}

ReplyBody Server::greet(ClientId client, const Hello& hello) {
    if (hello.major != kMajor) {
        return Error{ErrorCode::Malformed, "this server speaks version " + std::to_string(kMajor) +
                                               " of the control protocol, not " +
                                               std::to_string(hello.major)};
    }
    greeted_.insert(client);
    return HelloReply{};
}

}  // namespace parley::controller::control
