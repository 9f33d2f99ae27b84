#include "controller/control/server.h"

#include <algorithm>

#include "common/cluster/codec.h"
#include "common/cluster/ids.h"
#include "common/json/json.h"
#include "controller/control/codec.h"
#include "controller/views.h"

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

// Carries out one request of a client that has greeted. Nothing when it is answered later.
struct Executor {
    using Outcome = std::optional<ReplyBody>;

    Instant now;
    Controller& controller;
    Place& place;
    Outputs& out;
    RequestId request;
    DumpId dump;  // the id of one, if it is asked for
    std::vector<Errand>& errands;

    Outcome operator()(const Hello&) const {
        return Error{ErrorCode::Conflict, "Hello was already said"};
    }
    Outcome operator()(const ListRooms& m) const {
        std::vector<RoomInfo> rooms = controller.rooms();
        Rooms reply;
        reply.more = keep_page(rooms, m.after, m.limit);
        for (RoomInfo& room : rooms) reply.rooms.push_back(line_of(std::move(room)));
        return reply;
    }
    Outcome operator()(const GetRoom& m) const {
        auto room = controller.room(m.room);
        if (!room) return room.error();
        return line_of(std::move(*room));
    }
    Outcome operator()(const ListPeers& m) const {
        auto room = controller.room(m.room);
        if (!room) return room.error();
        Peers reply{std::move(room->peers)};
        std::sort(reply.peers.begin(), reply.peers.end(),
                  [](const PeerInfo& a, const PeerInfo& b) { return a.id < b.id; });
        reply.more = keep_page(reply.peers, m.after, m.limit);
        return reply;
    }
    Outcome operator()(const ListWorkers&) const { return Workers{controller.workers(now)}; }
    Outcome operator()(const CloseRoom& m) const {
        return done_or_error(controller.close_room(now, m.room, out));
    }
    Outcome operator()(const KickPeer& m) const {
        return done_or_error(controller.kick_peer(now, m.room, m.peer, m.reason, out));
    }
    Outcome operator()(const MutePeer& m) const {
        return done_or_error(controller.mute_peer(now, m.room, m.peer, m.muted, out));
    }
    Outcome operator()(const StartDrain& m) const {
        if (is_here(m.server)) {
            place.start_drain(now, m);
            return place.drain_state(now);
        }
        if (m.for_good) return Error{ErrorCode::Malformed, "for good only where it runs"};
        return ask(cluster::ServerDrain{m.server, m.deadline}, m.server);
    }
    Outcome operator()(const StopDrain& m) const {
        if (!is_here(m.server)) return ask(cluster::ServerUndrain{m.server}, m.server);
        place.stop_drain(now);
        return place.drain_state(now);
    }
    Outcome operator()(const GetDrain& m) const {
        if (is_here(m.server)) return place.drain_state(now);
        return ask(cluster::ServerList{}, m.server);
    }
    Outcome operator()(const ExplainRoom& m) const {
        if (place.can_ask_others()) return ask(cluster::RoomWhy{m.room}, m.room);
        const auto room = controller.room(m.room);
        if (!room) return elsewhere(room.error(), m.room);
        return Report{explanation(*room, controller.routers(m.room), !place.server_id().empty())};
    }
    Outcome operator()(const DumpRoom& m) const {
        const auto begun = controller.dump_room(now, dump, m.room, m.peer, out);
        if (begun) return std::nullopt;
        return elsewhere(begun.error(), m.room);
    }

private:
    bool is_here(const std::string& server) const {
        return server.empty() || server == place.server_id();
    }
    // `id`: of the room or server that it is about.
    Outcome ask(cluster::Command command, const std::string& id) const {
        if (!cluster::is_id(id)) return Error{ErrorCode::Malformed, "no id: " + id};
        if (place.can_ask_others()) {
            errands.push_back({request, std::move(command), id});
            return std::nullopt;
        }
        const bool alone = place.server_id().empty();
        return Error{ErrorCode::Unavailable,
                     alone ? "this server stands alone" : "the broker is away"};
    }
    Error elsewhere(Error error, const std::string& room) const {
        const std::string home = place.home_of(room);
        if (!home.empty()) error.reason += " here: it is at server " + home;
        return error;
    }
};

// The state of one server, out of what answers a server.list.
ReplyBody state_of(const std::string& server, const std::string& data) {
    const auto document = JsonDocument::parse(data, {.bytes = cluster::kAnswerBytes});
    const Json servers = document ? document->root()["servers"] : Json();
    for (size_t i = 0; i < servers.size(); ++i) {
        JsonFields one(servers[i]);
        if (one.text_or("server", 64, "") != server) continue;
        DrainState state;
        state.state =
            cluster::parse_state(one.text_or("state", 64, "up")).value_or(cluster::ServerState::Up);
        state.rooms = static_cast<uint32_t>(one.number_or("rooms", UINT32_MAX, 0));
        JsonFields load(servers[i]["load"]);
        state.peers = static_cast<uint32_t>(load.number_or("peers", UINT32_MAX, 0));
        return state;
    }
    return Error{ErrorCode::NotFound, "no such server"};
}

ReplyBody reply_of(const Errand& errand, const std::optional<cluster::Answer>& answer) {
    if (!answer) return Error{ErrorCode::Unavailable, "no answer in time"};
    if (answer->refusal) {
        return Error{static_cast<ErrorCode>(answer->refusal->code), answer->refusal->reason};
    }
    if (std::holds_alternative<cluster::ServerList>(errand.command)) {
        return state_of(errand.about, answer->data);
    }
    if (std::holds_alternative<cluster::RoomWhy>(errand.command)) return Report{answer->data};
    return Done{};
}

std::vector<uint8_t> one_reply(RequestId request, ReplyBody body) {
    const Reply reply{request, std::move(body)};
    return write_replies({&reply, 1});
}

}  // namespace

Server::Answer Server::on_frame(Instant now, ClientId client, base::Bytes frame,
                                Controller& controller, Place& place, Outputs& out) {
    const auto requests = parse_requests(frame);
    if (!requests) return {{}, "not a frame of requests"};
    if (requests->size() > kRequestsMost) return {{}, "too many requests in one frame"};
    Answer answer;
    std::vector<Reply> replies;
    for (const Request& request : *requests) {
        std::optional<ReplyBody> body;
        if (greeted_.contains(client)) {
            const DumpId dump = begin_dump_of(client, request);
            body =
                std::visit(Executor{now, controller, place, out, request.id, dump, answer.errands},
                           request.body);
            if (body) dumps_.erase(dump);
        } else if (const Hello* hello = std::get_if<Hello>(&request.body)) {
            body = greet(client, *hello);
        } else {
            body = Error{ErrorCode::Conflict, "Hello comes first"};
        }
        if (body) replies.push_back({request.id, std::move(*body)});
        if (!greeted_.contains(client)) {
            answer.close = "no common version, or no Hello";
            break;
        }
    }
    if (!replies.empty()) answer.frame = write_replies(replies);
    return answer;
}

// It may be there before the call of the controller that asks for it has returned.
DumpId Server::begin_dump_of(ClientId client, const Request& request) {
    if (!std::holds_alternative<DumpRoom>(request.body)) return 0;
    dumps_.emplace(++last_dump_, Waiting{client, request.id});
    return last_dump_;
}

std::vector<uint8_t> Server::on_answer(const Errand& errand,
                                       const std::optional<cluster::Answer>& answer) {
    return one_reply(errand.request, reply_of(errand, answer));
}

Server::Delivery Server::on_dumped(const Dumped& dumped) {
    const auto found = dumps_.find(dumped.dump);
    if (found == dumps_.end()) return {};
    const Waiting waiting = found->second;
    dumps_.erase(found);
    if (!greeted_.contains(waiting.client)) return {};  // gone meanwhile
    ReplyBody body = Report{dumped.json};
    if (dumped.json.empty()) body = Error{ErrorCode::NotFound, "the room was closed meanwhile"};
    return {waiting.client, one_reply(waiting.request, std::move(body))};
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
